"""[dependency.NAME.breaker]: when calls are no longer tried."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import model_validator

from holdfast.budget.metadata import Decision, Mechanism, Option
from holdfast.budget.model.references import (
    ENVOY_OUTLIERS,
    ENVOY_SLOW_START,
    HYSTRIX,
    OWN_MEASUREMENT,
    RESILIENCE4J,
)
from holdfast.budget.model.section import Section, contradiction
from holdfast.budget.units import Count, Duration, Ratio

__all__ = ["Breaker"]


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
