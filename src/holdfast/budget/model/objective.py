"""[objective]: what is promised to users. Never defaulted."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from holdfast.budget.metadata import Decision, Option
from holdfast.budget.model.references import (
    AWS_FALLBACK,
    HYSTRIX,
    NIELSEN,
    OWN_MEASUREMENT,
    RESILIENCE4J,
    SRE_NINES,
    WORKBOOK_ALERTS,
    WORKBOOK_SLO,
)
from holdfast.budget.model.route import Route
from holdfast.budget.model.section import Section, ascending, contradiction
from holdfast.budget.units import Duration, Rate, Ratio, format_duration

__all__ = ["Objective", "RouteObjective"]


def _possible(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError(
            'expected an availability above 0% and below 100%, such as "99.9%": 100% leaves no error budget, '
            "and no service reaches it"
        )
    return value


_P50 = Decision(
    "How long may a typical request take?",
    "Half of the requests are faster. It shows what the service is like when nothing is wrong.",
    "product",
    (
        Option("100ms", "answers that should feel instantaneous", NIELSEN),
        Option("300ms", "three such calls, one after the other, stay below a second", NIELSEN),
    ),
)
_P95 = Decision(
    "How long may one request in twenty take?",
    "A user who loads twenty resources meets this latency on nearly every visit.",
    "product",
    (
        Option("200ms", "five such calls, one after the other, stay at a second", NIELSEN),
        Option("1s", "the limit at which a user's flow of thought stays unbroken", NIELSEN),
    ),
)
_P99 = Decision(
    "How long may the slowest one percent of requests take?",
    "The tail is what users remember, and what a caller that fans out to many services sees most of the "
    "time. Deadlines, admission limits and timeouts follow from it.",
    "product, with engineering",
    (
        Option("300ms", "interactive APIs: three calls, one after the other, stay below a second", NIELSEN),
        Option("1s", "the limit at which a user's flow of thought stays unbroken", NIELSEN),
        Option("900ms", "the workbook's example: 90% below 450 ms and 99% below 900 ms", WORKBOOK_SLO),
    ),
    required=True,
)
_P999 = Decision(
    "How long may one request in a thousand take?",
    "It bounds what retries and fan-out meet; it needs many requests to be measured.",
    "engineering",
    (Option("1s", "even a rare slow answer leaves the flow of thought unbroken", NIELSEN),),
)


class RouteObjective(Section):
    """Latencies promised for one route; they replace the service's own there."""

    p50: Annotated[Duration | None, _P50] = None
    p95: Annotated[Duration | None, _P95] = None
    p99: Annotated[Duration | None, Decision(_P99.question, _P99.why, _P99.decides, _P99.options)] = None
    p999: Annotated[Duration | None, _P999] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ascending({"p50": self.p50, "p95": self.p95, "p99": self.p99, "p999": self.p999}, format_duration)
        return self


class Objective(Section):
    """What is promised to users. Never defaulted."""

    availability: Annotated[
        Annotated[Ratio, AfterValidator(_possible)] | None,
        Decision(
            "Which share of the requests has to be answered well, over 30 days?",
            "The rest is the error budget: what failures, deployments and experiments may cost. Each nine "
            "costs about ten times the one before.",
            "product, with the business",
            (
                Option("99.5%", "internal tools: 3.6 hours a month", SRE_NINES),
                Option("99.9%", "many user-facing services: 43 minutes a month", SRE_NINES),
                Option("99.99%", "where dependencies allow it: 4.3 minutes a month", SRE_NINES),
            ),
            required=True,
        ),
    ] = None
    p50: Annotated[Duration | None, _P50] = None
    p95: Annotated[Duration | None, _P95] = None
    p99: Annotated[Duration | None, _P99] = None
    p999: Annotated[Duration | None, _P999] = None
    throughput: Annotated[
        Rate | None,
        Decision(
            "How many requests a second have to be answered well, also when more arrive?",
            "Under overload a service that serves everybody late serves nobody. This is what it keeps.",
            "engineering, with product",
            (
                Option("200/s", "the peak of the busiest hour of the last quarter", OWN_MEASUREMENT),
                Option("400/s", "twice that, where a campaign or a launch is planned", OWN_MEASUREMENT),
            ),
            required=True,
        ),
    ] = None
    errors: Annotated[
        Ratio | None,
        Decision(
            "Above which share of errors over a few minutes is somebody woken?",
            "The availability is judged over a month; this is the ceiling for a short while.",
            "the on-call team",
            (
                Option(
                    "1.44%",
                    "99.9% promised: an hour of it spends 2% of the month's budget (burn rate 14.4)",
                    WORKBOOK_ALERTS,
                ),
            ),
        ),
    ] = None
    recovery: Annotated[
        Duration | None,
        Decision(
            "How soon after a fault or a burst has ended is everything as good as before?",
            "A service that stays down after its cause is gone needs people; one that recovers does not.",
            "engineering, with the on-call team",
            (
                Option("10s", "a breaker's sleep of 5 s, and as long again to settle", HYSTRIX),
                Option("90s", "a breaker's wait of 60 s, and half of it to settle", RESILIENCE4J),
            ),
            required=True,
        ),
    ] = None
    without: Annotated[
        dict[str, Ratio],
        Decision(
            "While this dependency fails, which share of all requests still has to be answered well?",
            "It says what the dependency may take with it: routes that do not need it, and those with a "
            "fallback, go on.",
            "product, with engineering",
            (
                Option(
                    "99%", "every route that needs it has a fallback, exercised all the time", AWS_FALLBACK
                ),
                Option("90%", "one request in ten needs it, and fails clearly", OWN_MEASUREMENT),
            ),
            required=("http",),
        ),
    ] = Field(default_factory=dict)
    route: dict[Route, RouteObjective] = Field(default_factory=dict)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Every latency that is promised somewhere, in seconds: what a histogram must be able to tell."""
        promised = {self.p50, self.p95, self.p99, self.p999}
        for route in self.route.values():
            promised |= {route.p50, route.p95, route.p99, route.p999}
        return tuple(sorted(latency for latency in promised if latency is not None))

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ascending({"p50": self.p50, "p95": self.p95, "p99": self.p99, "p999": self.p999}, format_duration)
        if self.recovery is not None and self.p99 is not None and self.recovery < self.p99:
            message = (
                f"recovery ({format_duration(self.recovery)}) is below p99 ({format_duration(self.p99)})"
            )
            raise contradiction(message, "recovery", "p99")
        return self
