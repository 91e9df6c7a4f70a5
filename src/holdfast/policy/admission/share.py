"""Which share of all requests an overload has no room for, and the priority that this comes to.

`share` settles where those who are left just fit: of those that pass the bar a share q found no room, so that
1 - (1 - share)(1 - q) is what should not have come; and while everybody finds room it shrinks by a fifth a
window, so that it is gone within two seconds. From there the bar: classes are given up from below, within a
class by level, which a hash spreads evenly.
"""

from __future__ import annotations

from holdfast.policy.admission.priority import LEVELS, Class

__all__ = ["Share"]

_FADE = 0.8
_KEPT = 0.5
"""Of a class that is given up in part, the share that is let through to where its level is known: what is
refused there has been paid for already."""
_MEMORY = 0.9
"""Of the mix of classes, a window: about a second."""


class Share:
    """`bar`: whose priority is below it is refused. 0 refuses nobody.

    A class as a whole is refused once everybody of it is below the bar. `active` once anybody asks for more
    than one class or level: otherwise there is nothing to choose between, and the bar stays down.
    """

    __slots__ = ("_mix", "_room", "_served", "_turned", "active", "bar", "share")

    def __init__(self) -> None:
        self.active = False
        self.bar = 0
        self.share = 0.0
        self._mix = [0.0 for _ in Class]
        self._served = self._turned = self._room = 0

    def refused(self, kind: int, *, for_room: bool) -> None:
        """One of class `kind` was refused; `for_room`: and not by the bar."""
        self._turned += 1
        self._room += for_room
        if self.active:
            self._mix[min(2, max(0, kind))] += 1

    def served(self, count: int) -> None:
        """So many have been answered."""
        self._served += count

    def turn(self) -> None:
        """End a window."""
        if not self.active:
            self._served = self._turned = self._room = 0
            return
        came = self._served + self._room
        if self._room and came:
            self.share = min(0.99, 1 - (1 - self.share) * (1 - self._room / came))
        else:
            self.share *= _FADE
            if self.share < 0.01:
                self.share = 0.0
        self._served = self._turned = self._room = 0
        self.bar = self._bar()
        self._mix = [count * _MEMORY for count in self._mix]

    def _bar(self) -> int:
        left = self.share * sum(self._mix)
        for kind in Class:
            if kind is Class.CRITICAL or left <= 0:
                return 0 if left <= 0 and not kind else kind * LEVELS
            if left < self._mix[kind]:
                return kind * LEVELS + int(min(_KEPT, left / self._mix[kind]) * LEVELS)
            left -= self._mix[kind]
        return 0
