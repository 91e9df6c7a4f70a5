"""[dependency.NAME.hedge]: when a read that is late gets a second attempt."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Decision, Option
from holdfast.budget.model.references import TAIL_AT_SCALE
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Ratio

__all__ = ["Hedge"]


class Hedge(Section):
    """When a read that is late gets a second attempt beside the first."""

    percentile: Annotated[
        Ratio | None,
        Decision(
            "From which percentile of its latency on is an idempotent read sent a second time?",
            "The slow few of many reads decide the tail of a service, and a second one is rarely slow as "
            "well. It is charged to the retry budget.",
            "engineering, with the dependency's owner",
            (Option("95%", "at most 5% more reads for most of the tail", TAIL_AT_SCALE),),
        ),
    ] = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.percentile in (0, 1):
            raise contradiction(
                'percentile has to be between 0% and 100%; expected such as "95%"', "percentile"
            )
        return self
