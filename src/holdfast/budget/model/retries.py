"""[retry]: what the retries to all dependencies may be together."""

from __future__ import annotations

from typing import Annotated

from holdfast.budget.metadata import Decision, Option
from holdfast.budget.model.references import SRE_OVERLOAD
from holdfast.budget.model.section import Section
from holdfast.budget.units import Ratio

__all__ = ["Retries"]


class Retries(Section):
    """What the retries to all dependencies may be together, in one worker, beside each one's own budget."""

    budget: Annotated[
        Ratio | None,
        Decision(
            "How many retries for each hundred calls to all dependencies, at most?",
            "What several of them share, as a network or a zone, fails for all at once, and their budgets "
            "are spent together.",
            "engineering",
            (Option("10%", "Google's per-client ratio", SRE_OVERLOAD),),
        ),
    ] = None
