"""[trace]: which requests are traced."""

from __future__ import annotations

from typing import Annotated, Literal

from holdfast.budget.metadata import Decision, Mechanism, Option
from holdfast.budget.model.references import DAPPER, OTEL_SAMPLING, OWN_MEASUREMENT, TRACE_CONTEXT_PRIVACY
from holdfast.budget.model.section import Section
from holdfast.budget.units import Ratio

__all__ = ["Trace"]


class Trace(Section):
    """Which requests are traced."""

    sample: Annotated[
        Ratio | None,
        Decision(
            "Which share of the requests that begin here is traced?",
            "A span costs CPU, network and storage; too few miss what is rare. Without a decision no "
            "provider is set up; one that the app has set up is used as it is.",
            "the team, with whoever pays for the traces",
            (
                Option("100%", "low traffic, or a collector that samples", OTEL_SAMPLING),
                Option("1%", "hundreds of requests a second", DAPPER),
                Option("0%", "only what a caller traces", OWN_MEASUREMENT),
            ),
        ),
    ] = None
    parent: Annotated[
        Literal["follow", "ignore"],
        Mechanism(
            'Whether a caller who traces is followed ("follow"), or `sample` decides for his requests too '
            '("ignore": a public service, where anybody could have everything traced).',
            TRACE_CONTEXT_PRIVACY,
        ),
    ] = "follow"
