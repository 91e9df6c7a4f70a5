"""Retries with waiting, modes and events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from holdfast.clock import Now, monotonic
from holdfast.events import Bus, RetryDecided
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.retry import layer
from holdfast.policy.retry.budget import RetryBudget
from holdfast.policy.retry.config import RetryConfig
from holdfast.policy.retry.core import Retry

__all__ = ["RetryGuard"]


class RetryGuard:
    """Belongs to one loop. `deposit(now)` on every call, `await again(...)` after every failed attempt."""

    __slots__ = ("_bus", "_mode", "_now", "core", "dependency", "deposit")

    def __init__(
        self,
        dependency: str,
        config: RetryConfig,
        *,
        bus: Bus,
        process: RetryBudget | None = None,
        now: Now = monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        self.dependency = dependency
        self._bus = bus
        self._mode = config.mode
        self._now = now
        self.core = Retry(config, process=process, random=random)
        self.deposit = self.core.budget.deposit if process is None else self.core.deposit

    def extra(self, now: float) -> bool:
        """Whether one more attempt is funded beside one that is under way: a hedge, which is charged here."""
        if layer.attempt_above() > 1 or not self.core.withdraw(now):
            return False
        if self._mode is Mode.ENFORCE:
            self._bus.emit(RetryDecided(now, self.dependency, 1, True, "hedge", 0.0))
            return True
        if self._mode is Mode.OBSERVE:
            self._bus.emit(
                PolicyObserved(now, "hedge", self.dependency, "retry", "the first attempt is late")
            )
        return False

    async def again(
        self,
        attempt: int,
        *,
        retryable: bool,
        idempotent: bool,
        deadline: float | None,
        retry_after: float | None = None,
    ) -> bool:
        """Wait for the next attempt and return True, or return False at once: there is none."""
        now = self._now()
        decision = self.core.decide(
            now,
            attempt,
            retryable=retryable,
            idempotent=idempotent,
            deadline=deadline,
            retry_after=retry_after,
            layer=layer.attempt_above(),
        )
        if self._mode is not Mode.ENFORCE:
            if self._mode is Mode.OBSERVE and decision.granted:
                why = f"attempt {attempt} failed"
                self._bus.emit(PolicyObserved(now, "retry", self.dependency, "retry", why))
            return False
        self._bus.emit(
            RetryDecided(now, self.dependency, attempt, decision.granted, decision.why, decision.delay)
        )
        if not decision.granted:
            return False
        await asyncio.sleep(decision.delay)
        # The loop may have been late: a retry never starts after the deadline.
        return deadline is None or self._now() < deadline
