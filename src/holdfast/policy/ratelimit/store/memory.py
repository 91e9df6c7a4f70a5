"""States in this process's memory: for one worker, or for what each worker may decide alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from holdfast.clock import Now, monotonic
from holdfast.policy.ratelimit.ask import Ask, Verdict
from holdfast.policy.ratelimit.core import SLACK, State, charged, lacking, look, strayed
from holdfast.policy.require import at_least

__all__ = ["MemoryStore"]

_SWEPT = 2
"""Entries looked at for each that is added: more than one, so that what has expired is on balance dropped."""


class MemoryStore:
    """At most `keys` callers, in the order of their last admission.

    A caller whose quota is full again is as one who is not known: such entries are dropped from the old end,
    a few whenever one is added, so that no call pays for a scan. Where that is not enough, because more than
    `keys` callers were admitted in the time that a quota takes to fill up, the one who was admitted longest
    ago is forgotten and starts afresh. Whoever can do that has `keys` identities, each with a quota of its
    own; refusing newcomers instead would let him lock out everybody else.
    """

    __slots__ = ("_keys", "_now", "_states")

    def __init__(self, *, keys: int = 100_000, now: Now = monotonic) -> None:
        at_least(1, keys=keys)
        self._keys = keys
        self._now = now
        self._states: OrderedDict[str, tuple[float, State]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    async def take(self, asks: Sequence[Ask]) -> Verdict:
        """Charge all of `asks`, or none."""
        return self.decide(asks)

    def decide(self, asks: Sequence[Ask]) -> Verdict:
        """Charge all of `asks`, or none, without a coroutine."""
        now, states = self._now(), self._states
        if len(asks) == 1 and len(asks[0].config.limits) == 1:
            return self._single(asks, asks[0], now)
        found: list[State | None] = []
        levels: list[list[float]] = []
        wait = 0.0
        for ask in asks:
            known = states.get(f"{ask.config.name}:{ask.key}")
            state = None if known is None else known[1]
            level = look(ask.config.limits, state, now)
            found.append(state)
            levels.append(level)
            wait = max(wait, lacking(ask.config.limits, level, ask.cost))
        for index, (ask, state, level) in enumerate(zip(asks, found, levels, strict=True)):
            if wait == 0.0:
                after = charged(level, ask.cost, now)
                self._keep(ask, after)
                levels[index] = list(after[1:])
            elif strayed(ask.config.limits, state, now):
                self._keep(ask, (now, *level))
        return Verdict(asks, levels, wait)

    async def aclose(self) -> None:
        """Forget everybody."""
        self._states.clear()

    def _single(self, asks: Sequence[Ask], ask: Ask, now: float) -> Verdict:
        """The same for one ask with one limit, which is nearly every call: a third of the time."""
        limit = ask.config.limits[0]
        key = f"{ask.config.name}:{ask.key}"
        known = self._states.get(key)
        level = 0.0
        if known is not None:
            at, level = known[1]
            level -= (now - at) * limit.rate
            if level <= 0.0:
                level = 0.0
            elif level > limit.burst:
                level = limit.burst
        after = level + ask.cost
        excess = after - limit.burst
        if excess > SLACK:
            if known is not None and strayed(ask.config.limits, known[1], now):
                self._keep(ask, (now, level))
            return Verdict(asks, ((level,),), lacking(ask.config.limits, (level,), ask.cost))
        self._states[key] = (now + after / limit.rate, (now, after))
        if known is None:
            self._added(now)
        else:
            self._states.move_to_end(key)
        return Verdict(asks, ((after,),), 0.0)

    def _keep(self, ask: Ask, state: State) -> None:
        states, key = self._states, f"{ask.config.name}:{ask.key}"
        full = state[0] + max(
            level / limit.rate for limit, level in zip(ask.config.limits, state[1:], strict=True)
        )
        added = key not in states
        states[key] = (full, state)
        if added:
            self._added(state[0])
        else:
            states.move_to_end(key)

    def _added(self, now: float) -> None:
        """Make room: drop who has expired, and whoever is too many."""
        states = self._states
        for _ in range(_SWEPT):
            key, (full, _) = next(iter(states.items()))
            if full > now:
                break
            del states[key]
            if not states:
                return
        if len(states) > self._keys:
            states.popitem(last=False)
