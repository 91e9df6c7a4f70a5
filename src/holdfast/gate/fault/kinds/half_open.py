"""Connections whose other end is gone without a word."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["HalfOpen"]


@dataclass(frozen=True, slots=True)
class HalfOpen(Fault):
    """Every connection that is open falls silent for good; new ones work.

    A host that lost its power and is back, a firewall that forgot a connection, a failover behind a virtual
    address: no FIN and no RST is seen. When the fault ends the silent ones are reset, as the host would do.
    """

    kind: ClassVar[str] = "half-open"

    def describe(self) -> str:
        """One line in words."""
        return "open connections silent for good, new ones answered"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Silence what is open."""
        return _Silent


class _Silent(Effect):
    __slots__ = ("_old",)

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._old = False

    @property
    def mute(self) -> bool:
        return self._old

    def apply(self) -> None:
        self._old = True
        self.link.part()

    def up(self, data: bytes, begun: int) -> None:
        if not self._old:
            self.link.pass_up(data)

    def down_lost(self) -> None:
        if not self._old:
            self.link.reset()
