"""Calls that fail until they have been tried often enough."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.errors import UsageError
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["FailFirst"]


@dataclass(frozen=True, slots=True)
class FailFirst(Fault):
    """The first `calls` calls fail by a reset of their connection, all others pass.

    Counted over all connections from when the fault is applied. Where the protocol is not known, the first
    bytes of a connection count as its call.
    """

    kind: ClassVar[str] = "fail-first"
    calls: int

    def __post_init__(self) -> None:
        """Refuse a number that cannot be."""
        if self.calls < 1:
            raise UsageError(f"fail-first wants 1 call or more, not {self.calls}")

    def describe(self) -> str:
        """One line in words."""
        return f"the first {self.calls} calls reset" if self.calls > 1 else "the first call reset"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Count over all connections."""
        left = _Left(self.calls)
        return lambda link: _Fail(link, left)


class _Left:
    __slots__ = ("calls",)

    def __init__(self, calls: int) -> None:
        self.calls = calls


class _Fail(Effect):
    __slots__ = ("_left", "_spoke")

    def __init__(self, link: Link, left: _Left) -> None:
        super().__init__(link)
        self._left = left
        self._spoke = False

    def up(self, data: bytes, begun: int) -> None:
        if not self.link.framed:
            begun = int(not self._spoke)
        self._spoke = True
        if begun and self._left.calls > 0:
            self._left.calls -= begun
            self.link.reset()
        else:
            self.link.pass_up(data)
