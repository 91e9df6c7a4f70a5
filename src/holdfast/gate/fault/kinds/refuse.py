"""A process that is down."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import ClassVar

from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

__all__ = ["Refuse"]


@dataclass(frozen=True, slots=True)
class Refuse(Fault):
    """Nobody listens: connecting is refused, open connections are closed."""

    kind: ClassVar[str] = "refuse"
    refuses: ClassVar[bool] = True

    def describe(self) -> str:
        """One line in words."""
        return "connections refused, open ones closed"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Close what is open."""
        return _Close


class _Close(Effect):
    __slots__ = ()

    def apply(self) -> None:
        self.link.abort()

    def accept(self) -> None:
        # The fault was applied while this connection was being accepted.
        self.link.abort()

    def up(self, data: bytes, begun: int) -> None:
        self.link.reset()

    def down(self, data: bytes) -> None:
        self.link.lose()
