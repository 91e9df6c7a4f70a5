"""A process that hangs, or a line on which what is sent disappears."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Blackhole", "Way"]

Way = Literal["both", "up", "down"]

_WORDS = {
    "both": "connections accepted, nothing answered",
    "up": "connections accepted, nothing of what is sent arrives",
    "down": "connections accepted, no answer comes back",
}


@dataclass(frozen=True, slots=True)
class Blackhole(Fault):
    """Connecting works, what is sent disappears, nothing ever comes back.

    `way`: what disappears. With "down" the dependency gets its calls and does its work, and nobody hears of
    it: the effect of each call is there and its caller does not know. A connection that was opened in a hole
    of both ways, or lost bytes in any, cannot be mended (its stream has a hole) and is reset when the fault
    ends; an older one that was idle all the while goes on.
    """

    kind: ClassVar[str] = "blackhole"
    way: Way = "both"

    @property
    def dark(self) -> bool:
        """A process that hangs is not connected to; the kernel accepts for it."""
        return self.way == "both"

    def describe(self) -> str:
        """One line in words."""
        return _WORDS[self.way]

    def effects(self, rng: random.Random) -> MakeEffect:
        """Swallow what goes that way."""
        return lambda link: _Swallow(link, up=self.way != "down", down=self.way != "up")


class _Swallow(Effect):
    __slots__ = ("_down", "_up")

    def __init__(self, link: Link, *, up: bool, down: bool) -> None:
        super().__init__(link)
        self._up = up
        self._down = down

    @property
    def mute(self) -> bool:
        return True

    def apply(self) -> None:
        self.link.drop(up=self._up, down=self._down)

    def up(self, data: bytes, begun: int) -> None:
        if self._up:
            self.link.lose()
        else:
            self.link.pass_up(data)

    def down(self, data: bytes) -> None:
        if self._down:
            self.link.lose()
        else:
            self.link.pass_down(data)

    def down_ended(self) -> None:
        if self._down:
            self.link.lose()
        else:
            super().down_ended()

    def down_lost(self) -> None:
        self.link.lose()
