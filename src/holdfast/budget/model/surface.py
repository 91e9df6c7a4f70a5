"""[surface]: what of the service is shown to whom."""

from __future__ import annotations

from typing import Annotated, Literal

from holdfast.budget.metadata import Decision, Option
from holdfast.budget.model.references import OWASP_INVENTORY, OWN_MEASUREMENT
from holdfast.budget.model.section import Section

__all__ = ["Surface"]


class Surface(Section):
    """What of the service is shown to whom."""

    docs: Annotated[
        Literal["on", "off", "callers"] | None,
        Decision(
            "Who may read the interactive documentation and the OpenAPI document?",
            "They name every route and field, internal ones included. Without a decision they stay as the "
            "app has them.",
            "whoever owns the API, with security",
            (
                Option('"off"', "production of an internal API", OWASP_INVENTORY),
                Option('"callers"', "only who calls from one of `trust.callers`", OWASP_INVENTORY),
                Option('"on"', "a public API, and development", OWN_MEASUREMENT),
            ),
        ),
    ] = None
