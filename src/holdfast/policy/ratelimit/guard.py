"""Rate limits for coroutines: modes, what happens without a store, and events."""

from __future__ import annotations

import math
from collections.abc import Sequence

from holdfast.clock import Now, monotonic
from holdfast.errors import DependencyUnavailable, RateLimited
from holdfast.events import Bus, RateExceeded, RateUnchecked
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.ratelimit.ask import Ask, Store, Verdict
from holdfast.policy.ratelimit.config import RateLimitConfig, Unavailable
from holdfast.policy.ratelimit.store.memory import MemoryStore
from holdfast.policy.store import StoreUnavailable

__all__ = ["RateLimitGuard", "refusal"]


class RateLimitGuard:
    """Belongs to one event loop. `store` is called `name` in the budget: "memory", or a dependency's name.

    `local` keeps what this process decides alone while the store does not answer.
    """

    __slots__ = ("_bus", "_decide", "_local", "_now", "_shares", "_store", "name")

    def __init__(
        self,
        name: str,
        store: Store,
        *,
        bus: Bus,
        local: MemoryStore | None = None,
        now: Now = monotonic,
    ) -> None:
        self.name = name
        self._store = store
        # Memory has nothing to wait for, and a coroutine costs as much as its decision.
        self._decide = store.decide if isinstance(store, MemoryStore) else None
        self._bus = bus
        self._local = local
        self._now = now
        self._shares: dict[str, RateLimitConfig] = {}

    async def take(self, asks: Sequence[Ask]) -> Verdict | None:
        """The same as `check`, and raises RateLimited for what was not admitted."""
        verdict = await self.check(asks)
        if verdict is not None and verdict.wait:
            raise refusal(verdict)
        return verdict

    async def check(self, asks: Sequence[Ask]) -> Verdict | None:
        """Charge all of `asks`, of different rate limits, or none; return where the caller stands.

        None where nobody is limited now: all of them only observe, or the store does not answer and the
        budget says "open". Raises DependencyUnavailable where it says "closed".
        """
        enforced = asks
        if len(asks) > 1 or asks[0].config.mode is not Mode.ENFORCE:
            enforced = [ask for ask in asks if ask.config.mode is Mode.ENFORCE]
            # Each by itself: what one of them would refuse is charged to the others all the same.
            for ask in asks:
                if ask.config.mode is Mode.OBSERVE:
                    await self._observe(ask)
            if not enforced:
                return None
        try:
            decide = self._decide
            verdict = decide(enforced) if decide is not None else await self._store.take(enforced)
        except StoreUnavailable as error:
            unchecked = self._without(enforced, error)
            if unchecked is None:
                return None
            verdict = unchecked
        if verdict.wait:
            exceeded = refusal(verdict)
            self._bus.emit(RateExceeded(self._now(), exceeded.limit, exceeded.violated))
        return verdict

    async def aclose(self) -> None:
        """Give back what the store holds."""
        await self._store.aclose()

    async def _observe(self, ask: Ask) -> None:
        try:
            verdict = await self._store.take((ask,))
        except StoreUnavailable:
            return
        if verdict.wait:
            why = ", ".join(_violated(verdict))
            self._bus.emit(PolicyObserved(self._now(), "ratelimit", ask.config.name, "refuse", why))

    def _without(self, asks: Sequence[Ask], error: StoreUnavailable) -> Verdict | None:
        """Do what the budget says for when the store cannot; the strictest, where asks differ."""
        said = {ask.config.unavailable for ask in asks}
        decision = next(
            (way for way in (Unavailable.CLOSED, Unavailable.LOCAL) if way in said), Unavailable.OPEN
        )
        now = self._now()
        for ask in asks:
            self._bus.emit(RateUnchecked(now, ask.config.name, decision.value, str(error)))
        if decision is Unavailable.CLOSED:
            raise DependencyUnavailable(self.name, error.why, retry_after=1.0)
        if decision is Unavailable.OPEN or self._local is None:
            return None
        return self._local.decide([Ask(self._share(ask.config), ask.key, ask.cost) for ask in asks])

    def _share(self, config: RateLimitConfig) -> RateLimitConfig:
        found = self._shares.get(config.name)
        if found is None:
            found = self._shares[config.name] = config.local()
        return found


def refusal(verdict: Verdict) -> RateLimited:
    """Return the error for a verdict that admits nothing."""
    violated = _violated(verdict)
    name = next(
        (
            ask.config.name
            for ask in verdict.asks
            if any(limit.name in violated for limit in ask.config.limits)
        ),
        verdict.asks[0].config.name,
    )
    return RateLimited(name, violated, retry_after=verdict.wait if math.isfinite(verdict.wait) else None)


def _violated(verdict: Verdict) -> tuple[str, ...]:
    return tuple(standing.limit.name for standing in verdict.standings() if standing.exceeded)
