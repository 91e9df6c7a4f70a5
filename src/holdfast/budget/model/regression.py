"""[regression]: how much more than the build before it a build may cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from holdfast.budget.metadata import Decision, Option
from holdfast.budget.model.references import OWN_MEASUREMENT
from holdfast.budget.model.section import Section
from holdfast.budget.units import Ratio

__all__ = ["Regression"]


def _possible(value: float) -> float:
    if not 0 < value <= 1:
        raise ValueError(
            'expected a share above 0% and at most 100%, such as "15%": no measurement tells 0% from a little'
        )
    return value


class Regression(Section):
    """By how much a figure may grow from one build to the next before `holdfast compare` says no."""

    cpu: Annotated[
        Annotated[Ratio, AfterValidator(_possible)] | None,
        Decision(
            "How much more CPU per request may a change cost?",
            "CPU per request decides how many workers the peak takes, and small losses add up over releases. "
            "It is the steadiest figure on a shared machine.",
            "engineering",
            (
                Option("10%", "a service near the number of workers that it has", OWN_MEASUREMENT),
                Option(
                    "20%",
                    "a service with CPU to spare: what a shared CI machine tells apart",
                    OWN_MEASUREMENT,
                ),
            ),
        ),
    ] = None
    p50: Annotated[
        Annotated[Ratio, AfterValidator(_possible)] | None,
        Decision(
            "How much slower may a change make the typical request?",
            "The median shows a longer path through the code or one more wait on a dependency.",
            "product, with engineering",
            (
                Option("10%", "an objective for p50 that is close", OWN_MEASUREMENT),
                Option("20%", "what a shared CI machine tells apart", OWN_MEASUREMENT),
            ),
        ),
    ] = None
    p99: Annotated[
        Annotated[Ratio, AfterValidator(_possible)] | None,
        Decision(
            "How much slower may a change make the slowest one percent?",
            "A tail varies by itself, on a shared machine by half: less than that is seldom decided.",
            "product, with engineering",
            (Option("50%", "what a quiet machine tells apart in a minute", OWN_MEASUREMENT),),
        ),
    ] = None
