"""A Redis client that is decided in full, and what it reports."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from holdfast.budget.model import Dependency
from holdfast.client.redis import DependencyRedis, client
from holdfast.client.state import DependencyState
from holdfast.events import Bus, CallEnded
from holdfast.policy.deadline import current
from tests.client.section import DECIDED

SECTION: dict[str, Any] = DECIDED | {
    "kind": "redis",
    "url_env": "REDIS_URL",
    "breaker": {"window": "60s", "failures": "50%", "open": "60s", "minimum": 20},
    "bulkhead": 4,
}


class Rig:
    """A client, and what it reports."""

    def __init__(self, url: str, *, leave: tuple[str, ...] = (), **options: Any) -> None:
        section = {key: value for key, value in SECTION.items() if key not in leave}
        model = Dependency.model_validate(section | options.pop("section", {}))
        self.bus, self.heard = Bus(), list[CallEnded]()
        self.bus.subscribe(CallEnded, self.heard.append)
        self.state = DependencyState.from_budget("cache", model, bus=self.bus)
        options.setdefault("decode_responses", True)
        options.setdefault("environ", {"REDIS_URL": url})
        self.client: DependencyRedis = client("cache", model, state=self.state, **options)

    @property
    def ended(self) -> list[tuple[str, int, bool]]:
        return [(event.outcome, event.attempts, event.degraded) for event in self.heard]

    def idle(self) -> None:
        """Nothing is held any more, neither permits nor leases nor timers nor connections."""
        pipeline, lane = self.state.pipelines.current(), self.client.lane()
        assert self.client.in_flight == 0
        assert pipeline.breaker is None or not pipeline.breaker.core._leases
        assert not lane.pool._in_use_connections
        assert not lane.aside.connection_pool._in_use_connections
        assert current().waiting() == 0


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(main)
