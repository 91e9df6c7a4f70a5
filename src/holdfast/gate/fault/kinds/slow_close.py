"""An end that is told late."""

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

__all__ = ["SlowClose"]


@dataclass(frozen=True, slots=True)
class SlowClose(Fault):
    """The dependency's closing of a connection arrives `delay` later; until then it looks usable.

    A pool that does not ask before it uses a connection hands such a one out.
    """

    kind: ClassVar[str] = "slow-close"
    delay: float

    def __post_init__(self) -> None:
        """Refuse a time that cannot be."""
        if not self.delay > 0:
            raise UsageError(f"slow-close wants a delay above 0, not {self.delay:g} s")

    def describe(self) -> str:
        """One line in words."""
        return f"connections closed by it stay open {words.of_seconds(self.delay)} longer"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Delay the end."""
        return lambda link: _Late(link, self.delay)


class _Late(Effect):
    __slots__ = ("_delay",)

    def __init__(self, link: Link, delay: float) -> None:
        super().__init__(link)
        self._delay = delay

    def down_ended(self) -> None:
        self.link.hold(END, self._delay)
