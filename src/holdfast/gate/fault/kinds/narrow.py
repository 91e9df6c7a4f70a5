"""A line that carries little."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.errors import UsageError
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect
from holdfast.gate.fault.line import END

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Narrow"]

_PIECES = 50
"""Pieces a second in which an answer trickles: 20 ms each, finer than a caller's timeouts."""


@dataclass(frozen=True, slots=True)
class Narrow(Fault):
    """The answers of each connection arrive at `rate` bytes a second at most, trickling."""

    kind: ClassVar[str] = "narrow"
    rate: float

    def __post_init__(self) -> None:
        """Refuse a rate that cannot be."""
        if not 0 < self.rate < float("inf"):
            raise UsageError(f"narrow wants a rate above 0 bytes a second, not {self.rate:g}")

    def describe(self) -> str:
        """One line in words."""
        return f"answers at {self.rate:.4g} bytes/s on each connection"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Give each connection a line of its own."""
        return lambda link: _Trickle(link, self.rate)


class _Trickle(Effect):
    __slots__ = ("_free", "_piece", "_rate")

    def __init__(self, link: Link, rate: float) -> None:
        super().__init__(link)
        self._rate = rate
        self._piece = max(1, int(rate / _PIECES))
        self._free = 0.0  # when the line has carried what it was given

    def down(self, data: bytes) -> None:
        for at in range(0, len(data), self._piece):
            piece = data[at : at + self._piece]
            now = self.link.time()
            self._free = max(now, self._free) + len(piece) / self._rate
            self.link.hold(piece, self._free - now)

    def down_ended(self) -> None:
        self.link.hold(END, max(0.0, self._free - self.link.time()))
