"""[dependency.NAME]: what the service calls, what it may cost, and what happens without it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from holdfast.budget.metadata import Decision, Fact, Mechanism, Option
from holdfast.budget.model.references import (
    AWS_FALLBACK,
    AWS_TIMEOUTS,
    ENVOY_ADMISSION,
    ENVOY_OUTLIERS,
    ENVOY_SLOW_START,
    FINAGLE,
    HYSTRIX,
    LITTLE,
    LOAD_LEVELING,
    OWN_CONTRACT,
    OWN_MEASUREMENT,
    POSTGRES,
    REQUESTS,
    RESILIENCE4J,
    RFC_6298,
    SRE_OVERLOAD,
    TAIL_AT_SCALE,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.model.sql import Sql
from holdfast.budget.model.stand_in import StandIn
from holdfast.budget.model.variable import Variable
from holdfast.budget.units import Count, Duration, Factor, Rate, Ratio, format_duration

__all__ = ["Breaker", "Dependency", "Hedge", "Retry", "Throttle", "Timeout"]


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


class Breaker(Section):
    """When calls are no longer tried."""

    window: Annotated[
        Duration | None,
        Decision(
            "Over how long is the share of failures counted?",
            "Too short trips on noise, too long lets a failed dependency hurt.",
            "engineering",
            (Option("10s", "Hystrix' rolling window", HYSTRIX),),
            required=("http", "other"),
            unless="calls",
        ),
    ] = None
    failures: Annotated[
        Ratio | None,
        Decision(
            "From which share of failures on is it better not to call?",
            "Each call to a dependency that mostly fails costs a timeout here and delays its recovery there.",
            "engineering",
            (Option("50%", "the default of both Hystrix and Resilience4j", RESILIENCE4J),),
            required=("http", "other"),
        ),
    ] = None
    open: Annotated[
        Duration | None,
        Decision(
            "How long is it left alone before a trial call?",
            "It delays the recovery by as much. It has to be below the promised recovery time.",
            "engineering",
            (
                Option("5s", "Hystrix' sleep window", HYSTRIX),
                Option("60s", "Resilience4j's default, for slow restarts", RESILIENCE4J),
            ),
            required=("http", "other"),
        ),
    ] = None
    calls: Annotated[
        Count | None,
        Decision(
            "Over how many of the last calls is the share counted, instead of over a time?",
            "For a dependency that is called so seldom that a time would hold too few calls to judge by.",
            "engineering",
            (Option("100", "the size of Resilience4j's count-based window", RESILIENCE4J),),
        ),
    ] = None
    slow: Annotated[
        Duration | None,
        Decision(
            "From how long on is a call slow?",
            "A dependency that still answers, but late, takes as many permits and seconds as one that fails.",
            "engineering, from the dependency's measured latency",
            (Option("200ms", "well above the p99 that was measured, below timeout.total", OWN_MEASUREMENT),),
        ),
    ] = None
    slow_share: Annotated[
        Ratio | None,
        Decision(
            "From which share of slow calls on is it better not to call?",
            "Calls in flight count once they are slow, so that it opens before the first has timed out.",
            "engineering",
            (
                Option("50%", "as for failures", RESILIENCE4J),
                Option("100%", "Resilience4j's default: only when nothing is fast any more", RESILIENCE4J),
            ),
        ),
    ] = None
    ramp: Annotated[
        Duration | None,
        Decision(
            "Over how long does it close?",
            "A dependency that has just come back, its caches cold, may fall again under the whole load.",
            "engineering, with the dependency's owner",
            (Option("10s", "from a tenth of the calls to all of them, linearly", ENVOY_SLOW_START),),
        ),
    ] = None
    ejected: Annotated[
        Ratio | None,
        Decision(
            "Has each of its hosts a breaker of its own, and which share of them may be open at a time?",
            "One bad host of many fails too few calls to open a breaker over all. Where most look bad, the "
            "fault is rather on this side, and leaving them alone would overrun the rest. One may always be.",
            "engineering",
            (Option("10%", "Envoy's max_ejection_percent", ENVOY_OUTLIERS),),
        ),
    ] = None
    minimum: Annotated[
        Count, Mechanism("Calls in the window, in one worker, below which it never opens.", HYSTRIX)
    ] = 20
    half_open: Annotated[
        Count, Mechanism("Trial calls that it admits at a time when half-open, in one worker.", HYSTRIX)
    ] = 1

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.failures == 0:
            raise contradiction('failures is 0%: it would never close; expected such as "50%"', "failures")
        if self.slow_share == 0:
            raise contradiction(
                'slow_share is 0%: it would never close; expected such as "50%"', "slow_share"
            )
        if self.window is not None and self.calls is not None:
            raise contradiction(
                "window and calls: outcomes are counted over one of the two", "window", "calls"
            )
        return self


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


class Throttle(Section):
    """How far a dependency is spared that refuses calls for want of room."""

    factor: Annotated[
        Factor,
        Mechanism("Calls made for each one that it accepts, before calls are refused here.", SRE_OVERLOAD),
    ] = 2.0
    window: Annotated[Duration, Mechanism("How long both are counted, in one worker.", ENVOY_ADMISSION)] = (
        30.0
    )
    most: Annotated[Ratio, Mechanism("The largest share of calls that is refused here.", ENVOY_ADMISSION)] = (
        0.8
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.most == 1:
            raise contradiction('most is 100%: it would never recover; expected such as "80%"', "most")
        return self


def _answer(value: str) -> str:
    if not value.strip():
        raise ValueError('expected a status such as "503", or words for what the service answers instead')
    if value.isdecimal() and not re.fullmatch(r"[2-5]\d\d", value):
        raise ValueError(f'expected a status from 200 to 599, such as "503", got "{value}"')
    return value


class Dependency(Section):
    """What the service calls, what it may cost, and what happens without it."""

    kind: Annotated[
        Literal["http", "postgres", "sqlite", "redis", "rabbitmq", "other"],
        Fact("Which protocol it speaks; `other` is called by coroutines of the app, see `hold.dependency`."),
    ]
    url_env: Annotated[
        Variable | None,
        Fact("The environment variable with its address; NAME_FILE names a file that holds it instead."),
    ] = None
    stand_in: StandIn | None = None
    mode: Annotated[
        Literal["enforce", "observe", "off"],
        Fact(
            "How far its policies go: `observe` counts what timeout, breaker, bulkhead and retries would "
            "have done, and lets every call through once."
        ),
    ] = "enforce"
    sql: Sql = Field(default_factory=Sql)
    timeout: Timeout = Field(default_factory=Timeout)
    breaker: Breaker = Field(default_factory=Breaker)
    throttle: Throttle = Field(default_factory=Throttle)
    retry: Retry = Field(default_factory=Retry)
    hedge: Hedge = Field(default_factory=Hedge)
    bulkhead: Annotated[
        Count | None,
        Decision(
            "How many calls may be in flight at a time, over the whole service?",
            "A slow dependency otherwise takes every request of the service with it. Little's law gives the "
            "least: calls a second times the seconds that each takes.",
            "engineering",
            (
                Option("10", "Hystrix' default, for one process", HYSTRIX),
                Option("20", "twice the calls in flight at the peak", LITTLE),
            ),
            required=("http", "other"),
        ),
    ] = None
    fallback: Annotated[
        Annotated[str, AfterValidator(_answer)] | None,
        Decision(
            "What does a user get when it cannot be used?",
            "A clear refusal, or an answer made without it: the acceptable degradation.",
            "product",
            (
                Option('"503"', "nothing sensible can be answered without it", AWS_FALLBACK),
                Option(
                    '"accepted, charged later"', "the work can be queued and done afterwards", LOAD_LEVELING
                ),
            ),
            required=("http", "other"),
        ),
    ] = None
    headroom: Annotated[
        Rate | None,
        Decision(
            "How many calls a second does it bear from this service?",
            "Peak, burst and retries together have to stay below it, or this service turns a slow dependency "
            "into a dead one.",
            "the dependency's owner",
            (
                Option("400/s", "the quota or rate limit that was agreed", OWN_CONTRACT),
                Option("300/s", "what a load test of it showed, with a margin", OWN_MEASUREMENT),
            ),
            required=("http",),
        ),
    ] = None
    availability: Annotated[
        Ratio | None,
        Decision(
            "Which availability does it promise?",
            "The service cannot promise more than what it cannot do without.",
            "the dependency's owner",
            (Option("99.9%", "as its contract says", OWN_CONTRACT),),
        ),
    ] = None
    max_connections: Annotated[
        Count | None,
        Decision(
            "How many connections does the server accept?",
            "The pools of all workers of all replicas, also during a deployment, have to fit.",
            "whoever runs the database",
            (
                Option("100", "PostgreSQL's default", POSTGRES),
                Option("20", "what PgBouncer or the provider's plan grants", OWN_CONTRACT),
            ),
            required=("postgres",),
        ),
    ] = None
    held: Annotated[
        Duration | None,
        Decision(
            "How long does a request hold a connection?",
            "With the request rate it gives the pool's size, by Little's law.",
            "engineering, measured under load",
            (
                Option("8ms", "a few indexed reads, as measured at the pool", OWN_MEASUREMENT),
                Option("50ms", "a transaction with several writes, as measured", OWN_MEASUREMENT),
            ),
            required=("postgres",),
        ),
    ] = None

    @model_validator(mode="after")
    def _together(self) -> Self:
        """What is slow is seen before it is cut off; what hedges has a budget to do it from."""
        slow, total = self.breaker.slow, self.timeout.total
        if slow is not None and total is not None and slow >= total:
            late, cut = format_duration(slow), format_duration(total)
            message = f"breaker.slow ({late}) is not below timeout.total ({cut}): nothing would be slow"
            raise contradiction(message, "breaker.slow", "timeout.total")
        attempts = self.retry.attempts
        if self.hedge.percentile is not None and attempts == 1:
            raise contradiction(
                "hedge needs a second attempt, and retry.attempts is 1", "hedge.percentile", "retry.attempts"
            )
        return self
