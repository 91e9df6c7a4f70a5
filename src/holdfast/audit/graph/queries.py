"""Questions about the program, each answered once, and what each answer was made of.

An answer is worked out when it is first asked for, by asking others: Salsa's model
(https://salsa-rs.github.io/salsa/), with what logic programming calls tabling for questions that lead back to
themselves. Those are asked again and again, beginning with "nothing", until no answer of their circle grows;
so what is found does not depend on which of them was asked first.

Every answer keeps its `Trace`: the modules that it was read from, and the facts from outside the source that
it used. An answer whose trace meets no change is still right.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Hashable
from typing import Any, NamedTuple, TypeVar

from holdfast.audit.graph.value import NOTHING, bounded

__all__ = ["Queries", "Trace"]

T = TypeVar("T")

_DEEPEST = 500
"""Questions within questions that are followed: more than programs need, and what the stack has room for."""

_FRAMES = 20_000
_NEVER = 1 << 30


class Trace(NamedTuple):
    """`read`: a bit for each part of the source that was read (see `Program`). `facts`: the keys of what was
    asked of the outside, such as what callers pass to a parameter."""

    read: int = 0
    facts: frozenset[Hashable] = frozenset()


class Queries:
    """The answers so far. `read` and `facts` are the trace of the question that is being worked out."""

    def __init__(self) -> None:
        self.read = 0
        self.facts: frozenset[Hashable] = frozenset()
        self._known: dict[Hashable, tuple[Any, Trace]] = {}
        self._traces: dict[Trace, Trace] = {}
        self._open: dict[Hashable, int] = {}
        # While a circle is gone round: answers of this turn, the largest so far, and how often one grew.
        self._drafts: dict[Hashable, tuple[Any, Trace, int]] = {}
        self._seeds: dict[Hashable, Any] = {}
        self._grown = 0
        self._lowest = _NEVER  # the outermost open question that the current one led back to

    def ask(self, key: Hashable, work: Callable[..., T], *arguments: Any) -> T:
        """Return the answer to `key`: what `work(*arguments)` returns, a set or a tuple."""
        known = self._known.get(key)
        if known is None:
            return self._ask(key, work, arguments)
        trace = known[1]
        self.read |= trace.read
        if trace.facts:
            self.facts |= trace.facts
        return known[0]  # type: ignore[no-any-return]

    def trace(self, key: Hashable) -> Trace:
        """Return what the answer to `key`, which was asked, was made of."""
        return self._known[key][1]

    def use(self, fact: Hashable) -> None:
        """Note that the question that is being worked out used a fact from outside the source."""
        if fact not in self.facts:
            self.facts |= {fact}

    def forget(self, facts: Collection[Hashable]) -> None:
        """Drop the answers that used one of `facts`."""
        if facts:
            changed = frozenset(facts)
            stale = [key for key, (_, trace) in self._known.items() if not changed.isdisjoint(trace.facts)]
            for key in stale:
                del self._known[key]

    def _ask(self, key: Hashable, work: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        depth = self._open.get(key)
        if depth is not None:
            self._lowest = min(self._lowest, depth)
            return self._seeds.get(key, NOTHING)  # type: ignore[no-any-return]
        draft = self._drafts.get(key)
        if draft is not None:
            answer, trace, lowest = draft
        else:
            depth = len(self._open)
            if depth > _DEEPEST:
                return NOTHING  # type: ignore[return-value]
            outer = self.read, self.facts, self._lowest
            self._open[key] = depth
            limit = sys.getrecursionlimit()
            if limit < _FRAMES:
                sys.setrecursionlimit(_FRAMES)
            try:
                answer, trace, lowest = self._work_out(key, depth, work, arguments)
            finally:
                del self._open[key]
                self.read, self.facts, self._lowest = outer
                if limit < _FRAMES:
                    sys.setrecursionlimit(limit)
        self.read |= trace.read
        self.facts |= trace.facts
        self._lowest = min(self._lowest, lowest)
        return answer  # type: ignore[no-any-return]

    def _work_out(
        self, key: Hashable, depth: int, work: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> tuple[Any, Trace, int]:
        """Return an answer, its trace, and how far out it still leads back."""
        before = len(self._drafts)
        while True:
            grown = self._grown
            self.read, self.facts, self._lowest = 0, frozenset(), _NEVER
            answer = work(*arguments)
            trace, lowest = Trace(self.read, self.facts), self._lowest
            if lowest > depth:
                self._known[key] = answer, self._shared(trace)
                return answer, trace, _NEVER
            self._grow(key, answer)
            if lowest < depth:
                self._drafts[key] = answer, trace, lowest
                return answer, trace, lowest
            circle = [self._drafts.popitem() for _ in range(len(self._drafts) - before)]
            if self._grown == grown:
                break
        # All of a circle were made of the same.
        trace = self._shared(trace)
        self._known[key] = answer, trace
        self._seeds.pop(key, None)
        for each, (found, _, _) in circle:
            self._known[each] = found, trace
            self._seeds.pop(each, None)
        return answer, trace, _NEVER

    def _grow(self, key: Hashable, answer: Any) -> None:
        seed = self._seeds.get(key, NOTHING)
        if isinstance(answer, tuple):
            joined: Any = tuple(dict.fromkeys((*seed, *answer)))
        else:
            joined = bounded(seed | answer)
        if joined != seed:
            self._seeds[key] = joined
            self._grown += 1

    def _shared(self, trace: Trace) -> Trace:
        return self._traces.setdefault(trace, trace)
