"""A dependency of coroutines that is decided in full, and what it reports."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from holdfast.client.coroutine import CoroutineDependency
from holdfast.client.state import DependencyState
from holdfast.events import Bus, CallEnded
from holdfast.policy.breaker import BreakerConfig
from holdfast.policy.bulkhead import BulkheadConfig
from holdfast.policy.call import CallConfig
from holdfast.policy.deadline import current
from holdfast.policy.retry import RetryConfig
from holdfast.policy.throttle import ThrottleConfig

CONFIG = CallConfig(
    "mongo",
    timeout=0.4,
    breaker=BreakerConfig(10.0, 0.5, 5.0, minimum=4),
    bulkhead=BulkheadConfig(2),
    retry=RetryConfig(2, 1.0, base=0.01, cap=0.02),
    throttle=ThrottleConfig(),
)


class Rig:
    """The state of a dependency; `declare` as `hold.dependency` does."""

    def __init__(self, **changed: Any) -> None:
        bus, self.heard = Bus(), []
        bus.subscribe(CallEnded, self.heard.append)
        now = asyncio.get_running_loop().time
        self.state = DependencyState(replace(CONFIG, **changed), bus=bus, now=now, random=lambda: 0.9)

    def declare(self, **options: Any) -> CoroutineDependency[Any]:
        return CoroutineDependency(self.state, **options)

    @property
    def ended(self) -> list[tuple[str, int, bool]]:
        return [(event.outcome, event.attempts, event.degraded) for event in self.heard]

    def idle(self) -> None:
        """Nothing is held any more, neither permits nor leases nor timers."""
        pipeline = self.state.pipelines.peek()
        assert pipeline is None or pipeline.breaker is None or not pipeline.breaker.core._leases
        assert self.state.in_flight == 0
        assert current().waiting() == 0
