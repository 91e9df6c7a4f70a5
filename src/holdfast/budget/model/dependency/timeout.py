"""[dependency.NAME.timeout]: how long one attempt may take."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Decision, Option
from holdfast.budget.model.references import AWS_TIMEOUTS, HYSTRIX, OWN_MEASUREMENT, REQUESTS, RFC_6298
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Duration, format_duration

__all__ = ["Timeout"]


class Timeout(Section):
    """How long one attempt may take."""

    connect: Annotated[
        Duration | None,
        Decision(
            "How long may it take to connect?",
            "A host that is gone does not answer; every request waits this long before it learns of it.",
            "engineering, from the measured round trip",
            (
                Option(
                    "100ms",
                    "same region: many round trips; a lost packet counts as a failure",
                    OWN_MEASUREMENT,
                ),
                Option("1.1s", "a little above TCP's first repeat of a lost packet, after 1 s", RFC_6298),
                Option("3.05s", "a little above a multiple of 3, across the internet", REQUESTS),
            ),
            required=("http",),
        ),
    ] = None
    total: Annotated[
        Duration | None,
        Decision(
            "How long may one attempt take in all?",
            "The usual way: the latency that only an acceptable share of good calls exceeds, such as p99.9, "
            "measured at the caller. All attempts together have to fit in the request's deadline.",
            "engineering, from the dependency's measured latency",
            (
                Option(
                    "400ms",
                    "as the p99.9 measured at the caller, if one false timeout in 1000 is acceptable",
                    AWS_TIMEOUTS,
                ),
                Option("1s", "Hystrix' default, where nothing is measured yet", HYSTRIX),
            ),
            required=("http", "other"),
        ),
    ] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.connect is not None and self.total is not None and self.connect >= self.total:
            connect, total = format_duration(self.connect), format_duration(self.total)
            message = f"connect ({connect}) is not below total ({total})"
            raise contradiction(message, "connect", "total")
        return self
