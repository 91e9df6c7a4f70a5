"""The second stage: who is inside already and known by name.

While nobody is turned away this only counts. In an overload two things are asked. Does the caller hold more
than his share of the places? That is his own excess, and a 429. And does an overload have room for his level
at all? That is a 503, and a stable one: the level is a hash of the caller, so that some are served and some
are not, instead of everybody a little. Where the line lies moves with the overload (`Share`).

Max-min fairness in its simplest form: a share is the limit over the callers that are inside, so that whoever
wants less than that gets what he wants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from holdfast.policy.admission.core import Gate, Refused
from holdfast.policy.admission.priority import LEVELS, NORMAL, OBSERVED, Class, level_of

__all__ = ["EXCESS", "Fairness"]

EXCESS = "excess"
"""The reason of a refusal that is the caller's own doing."""

_TURN = 3600.0
"""Seconds after which levels are dealt anew, so that it is not always the same callers who are given up."""


class Fairness:
    """Of one gate. Every `enter` that returns None needs one `leave`.

    `classes`: callers who are of another class than what they ask for. `would` is told why a caller would
    have been refused who is let go on, as the gate does not bind him; and his priority.
    """

    __slots__ = ("_classes", "_excess", "_gate", "_inside", "_would")

    def __init__(
        self,
        gate: Gate,
        retry_after: float = 1.0,
        *,
        classes: Mapping[str, Class] | None = None,
        would: Callable[[str, int], None] = lambda reason, priority: None,
    ) -> None:
        self._gate = gate
        self._inside: dict[str, int] = {}
        self._excess = Refused(EXCESS, retry_after)
        self._classes = classes or {}
        self._would = would

    @property
    def callers(self) -> int:
        """How many different callers are inside."""
        return len(self._inside)

    def enter(self, now: float, caller: str, priority: int = NORMAL) -> Refused | None:
        """Let `caller` go on, or return why not.

        The level of `priority` is replaced by the caller's, and the class where he has one of his own.
        """
        inside, gate = self._inside, self._gate
        gate.share.active = True  # from here on there are levels to choose between
        held = inside.get(caller, 0)
        if gate.overloaded and (refused := self._refuses(now, caller, held, priority)) is not None:
            if gate.binds(priority):
                return refused
            self._would(refused.reason, priority)
        inside[caller] = held + 1
        return None

    def _refuses(self, now: float, caller: str, held: int, priority: int) -> Refused | None:
        others = len(self._inside) + (held == 0)
        if others > 1 and held >= max(1, -(-self._gate.limit // others)):
            return self._excess
        kind = self._classes.get(caller, priority % OBSERVED // LEVELS)
        return self._gate.bars(kind * LEVELS + level_of(caller, int(now // _TURN)))

    def leave(self, caller: str) -> None:
        """The caller's request is done."""
        held = self._inside[caller] - 1
        if held:
            self._inside[caller] = held
        else:
            del self._inside[caller]
