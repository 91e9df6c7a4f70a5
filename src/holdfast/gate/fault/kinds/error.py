"""Calls that are answered, with an error in the dependency's own words."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.gate.fault.kinds import words
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Error"]


@dataclass(frozen=True, slots=True)
class Error(Fault):
    """A share of the calls is answered with an error and never reaches the dependency.

    The words are the protocol's: 503 for HTTP, `-ERR` for Redis, an ErrorResponse of class 57 (operator
    intervention) for Postgres, `connection.close` with 320 for RabbitMQ. A call that comes while the one
    before it is unanswered is reset instead: its answer would overtake the other's.
    """

    kind: ClassVar[str] = "error"
    framed: ClassVar[bool] = True
    share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a share that cannot be."""
        words.check_share(self.kind, self.share)

    def describe(self) -> str:
        """One line in words."""
        which = "every call" if self.share == 1 else f"{words.of_share(self.share)} of the calls"
        return f"{which} answered with an error"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Strike by chance."""
        return lambda link: _Fail(link, self.share, rng)


class _Fail(Effect):
    __slots__ = ("_failing", "_rng", "_share")

    def __init__(self, link: Link, share: float, rng: random.Random) -> None:
        super().__init__(link)
        self._share = share
        self._rng = rng
        self._failing = False  # a struck call is not wholly said yet, and its rest does not pass

    def up(self, data: bytes, begun: int) -> None:
        link = self.link
        framer = link.framer
        if framer is None or not link.framed:
            link.pass_up(data)
            return
        if not self._failing:
            if not begun or self._rng.random() >= 1 - (1 - self._share) ** begun:
                link.pass_up(data)
                return
            if link.waiting:
                link.reset()
                return
        answer = framer.refusal(link.said)
        if answer is None:
            link.reset()
            return
        self._failing = not framer.between
        if answer:
            link.pass_down(answer)
