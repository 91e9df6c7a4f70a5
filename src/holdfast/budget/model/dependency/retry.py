"""[dependency.NAME.retry]: how often a failed call is repeated."""

from __future__ import annotations

from typing import Annotated

from holdfast.budget.metadata import Decision, Option
from holdfast.budget.model.references import AWS_TIMEOUTS, FINAGLE, SRE_OVERLOAD
from holdfast.budget.model.section import Section
from holdfast.budget.units import Count, Rate, Ratio

__all__ = ["Retry"]


class Retry(Section):
    """How often a failed call is repeated."""

    attempts: Annotated[
        Count | None,
        Decision(
            "How many attempts in all, the first included?",
            "Retries mend what is rare and short; for the rest they are extra load on what already fails.",
            "engineering",
            (
                Option("2", "one retry, at a single point of the stack", AWS_TIMEOUTS),
                Option("3", "Google's per-request limit", SRE_OVERLOAD),
                Option("1", "calls with side effects that are not idempotent", AWS_TIMEOUTS),
            ),
            required=("http", "other"),
        ),
    ] = None
    budget: Annotated[
        Ratio | None,
        Decision(
            "How many retries for each hundred calls, at most?",
            "It bounds what an outage multiplies: 20% means at most 1.2 calls for each call that was meant.",
            "engineering, with the dependency's owner",
            (
                Option("10%", "Google's per-client ratio", SRE_OVERLOAD),
                Option("20%", "Finagle's default", FINAGLE),
            ),
            required=("http", "other"),
        ),
    ] = None
    floor: Annotated[
        Rate | None,
        Decision(
            "How many retries a second does the whole service have beyond the budget? None, unless decided.",
            "With little traffic a ratio grants no retry at all. What it grants besides is extra load in an "
            "outage, whatever the traffic.",
            "engineering, with the dependency's owner",
            (Option("10/s", "Finagle's minRetriesPerSec, for each client", FINAGLE),),
        ),
    ] = None
