"""What a fault does to one connection: asked at each thing that happens there, it says what becomes of it.

A fault is plain data (`Fault`). When it is applied it makes one `Effect` for each connection, which acts by
the link's verbs: pass on, hold, lose, reset, abort. What several connections share (a count, a source of
chance) belongs to the function that `Fault.effects` returns; it is made anew each time a fault is applied.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from holdfast.gate.fault.line import END

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Effect", "Fault", "MakeEffect"]


class Effect:
    """Lets everything pass; each kind of fault changes what it is about."""

    __slots__ = ("link",)

    def __init__(self, link: Link) -> None:
        self.link = link

    @property
    def mute(self) -> bool:
        """Whether nobody will answer on this connection as long as the fault holds."""
        return False

    def apply(self) -> None:
        """Begin on a connection that is open: what is under way is no longer delayed."""
        self.link.line.flush()

    def accept(self) -> None:
        """Begin on a connection that was accepted while the fault holds."""

    def up(self, data: bytes, begun: int) -> None:
        """Bytes from the service, in which `begun` calls begin."""
        self.link.pass_up(data)

    def down(self, data: bytes) -> None:
        """Bytes from the dependency."""
        self.link.pass_down(data)

    def down_ended(self) -> None:
        """The dependency sends no more."""
        self.link.pass_down(END)

    def down_lost(self) -> None:
        """The dependency's connection broke."""
        self.link.reset()


MakeEffect = Callable[["Link"], Effect]


class Fault(ABC):
    """What can be wrong with a dependency. Each kind is a frozen dataclass; times are seconds."""

    __slots__ = ()

    kind: ClassVar[str]
    """One word, for names of phases and results."""

    refuses: ClassVar[bool] = False
    """Whether nobody listens meanwhile."""

    framed: ClassVar[bool] = False
    """Whether it wants a protocol that the proxy understands."""

    @property
    def dark(self) -> bool:
        """Whether a connection that is accepted meanwhile never reaches the dependency."""
        return False

    @abstractmethod
    def describe(self) -> str:
        """Return one line in words, as it goes into the gate's result."""

    @abstractmethod
    def effects(self, rng: random.Random) -> MakeEffect:
        """Return what makes the effect on a connection; chance is taken from `rng`."""
