"""A client of a dependency that is decided in full, and what it reports."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from holdfast.budget.model import Dependency
from holdfast.client.http import DependencyClient, client
from holdfast.client.state import DependencyState
from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided
from holdfast.policy.deadline import current
from tests.client.provider import Provider
from tests.client.section import DECIDED

SECTION: dict[str, Any] = DECIDED | {
    "kind": "http",
    "url_env": "PAYMENTS_URL",
    "breaker": {"window": "10s", "failures": "50%", "open": "5s", "minimum": 4},
    "bulkhead": 5,
}


class Rig:
    """A client, and what it reports."""

    def __init__(self, provider: Provider, *, leave: tuple[str, ...] = (), **options: Any) -> None:
        section = {key: value for key, value in SECTION.items() if key not in leave}
        section |= options.pop("section", {})
        self.bus, self.heard = Bus(), []
        for kind in (CallEnded, RetryDecided, BreakerChanged):
            self.bus.subscribe(kind, self.heard.append)
        options.setdefault("environ", {"PAYMENTS_URL": provider.url})
        model = Dependency.model_validate(section)
        shared = {name: options.pop(name) for name in ("mode", "now", "processes") if name in options}
        # The dice are above the throttle's largest chance.
        self.state = DependencyState.from_budget(
            "payments", model, bus=self.bus, random=lambda: 0.9, **shared
        )
        self.client: DependencyClient = client("payments", model, state=self.state, **options)

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
