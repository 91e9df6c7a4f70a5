"""Answers that are late."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.errors import UsageError
from holdfast.gate.fault.kinds import words
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect
from holdfast.gate.fault.line import END

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Slow"]


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """Every answer arrives `delay` later, plus or minus up to `jitter` (uniform), in order.

    The delay is put on the way back only, so that a call is late by `delay` once, however many packets its
    request has; a handshake of three round trips is late three times, as on a long line. Connecting is not
    delayed: the proxy is a neighbour and accepts at once.
    """

    kind: ClassVar[str] = "slow"
    delay: float
    jitter: float = 0.0

    def __post_init__(self) -> None:
        """Refuse times that cannot be."""
        if not 0 <= self.jitter <= self.delay:
            raise UsageError(
                f"slow wants 0 <= jitter <= delay, not delay {self.delay:g} s and jitter {self.jitter:g} s"
            )

    def describe(self) -> str:
        """One line in words."""
        jitter = f" (± {words.of_seconds(self.jitter)})" if self.jitter else ""
        return f"every answer {words.of_seconds(self.delay)} late{jitter}"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Delay by `delay`, and chance where there is jitter."""
        return lambda link: _Late(link, self, rng)


class _Late(Effect):
    __slots__ = ("_fault", "_rng")

    def __init__(self, link: Link, fault: Slow, rng: random.Random) -> None:
        super().__init__(link)
        self._fault = fault
        self._rng = rng

    def apply(self) -> None:
        """What is under way stays as late as it was."""

    def down(self, data: bytes) -> None:
        self.link.hold(data, self._delay())

    def down_ended(self) -> None:
        self.link.hold(END, self._delay())

    def _delay(self) -> float:
        jitter = self._fault.jitter
        return self._fault.delay + (self._rng.uniform(-jitter, jitter) if jitter else 0.0)
