"""A client of a dependency that is decided in full, and what it reports."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from holdfast.budget.model import Dependency
from holdfast.client.http import DependencyClient, client
from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided
from holdfast.policy.deadline import current
from tests.client.provider import (
    Provider,
)

SECTION: dict[str, Any] = {
    "kind": "http",
    "url_env": "PAYMENTS_URL",
    "timeout": {"connect": "5s", "total": "10s"},
    "breaker": {"window": "10s", "failures": "50%", "open": "5s", "minimum": 4},
    "bulkhead": 5,
    "retry": {"attempts": 2, "budget": "100%"},
    "fallback": "503",
}


HASTY: dict[str, Any] = {"timeout": {"connect": "150ms", "total": "300ms"}}
"""A section that gives up soon; everywhere else a busy machine has its time."""


class Rig:
    """A client, and what it reports."""

    def __init__(self, provider: Provider, *, leave: tuple[str, ...] = (), **options: Any) -> None:
        section = {key: value for key, value in SECTION.items() if key not in leave}
        section |= options.pop("section", {})
        self.bus, self.heard = Bus(), []
        for kind in (CallEnded, RetryDecided, BreakerChanged):
            self.bus.subscribe(kind, self.heard.append)
        options.setdefault("random", lambda: 0.9)  # above the throttle's largest chance
        options.setdefault("environ", {"PAYMENTS_URL": provider.url})
        model = Dependency.model_validate(section)
        self.client: DependencyClient = client("payments", model, bus=self.bus, **options)

    @property
    def ended(self) -> list[tuple[str, int, bool]]:
        return [(e.outcome, e.attempts, e.degraded) for e in self.heard if isinstance(e, CallEnded)]

    def idle(self) -> None:
        """Nothing is held any more, neither permits nor leases nor timers nor places in the pool."""
        lane = self.client.policies.lanes.peek()
        assert lane is not None
        assert lane.pipeline.bulkhead is not None
        assert lane.pipeline.bulkhead.core.in_flight == 0
        assert lane.pipeline.breaker is None or not lane.pipeline.breaker.core._leases
        pool = lane.pool._pool  # type: ignore[attr-defined]
        assert not pool._requests
        assert all(connection.is_idle() for connection in pool.connections)
        assert current().waiting() == 0


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(main)
