"""Connections that break."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.errors import UsageError
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Reset"]

_SILENCE = 0.1
"""Seconds that a new connection may stay silent before it is reset without a call."""


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """Connections are reset: open ones at once, new ones at their first bytes.

    New ones wait for those bytes (at most 0.1 s) so that the call is seen and counted before it fails.
    With `after`, each connection is reset once that many bytes of the dependency have passed: in the midst of
    an answer.
    """

    kind: ClassVar[str] = "reset"
    after: int | None = None

    def __post_init__(self) -> None:
        """Refuse a number of bytes that cannot be."""
        if self.after is not None and self.after < 1:
            raise UsageError(f"reset wants to be after 1 byte or more, not {self.after}")

    @property
    def dark(self) -> bool:
        """The dependency is asked only where some of its answer passes."""
        return self.after is None

    def describe(self) -> str:
        """One line in words."""
        if self.after is None:
            return "every connection reset"
        return f"every connection reset after {self.after} bytes of its answers"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Break at once, or by the count of bytes."""
        after = self.after
        return _Break if after is None else lambda link: _BreakAfter(link, after)


class _Break(Effect):
    __slots__ = ()

    def apply(self) -> None:
        self.link.reset()

    def accept(self) -> None:
        self.link.later(_SILENCE, self.link.reset)

    def up(self, data: bytes, begun: int) -> None:
        self.link.reset()

    def down(self, data: bytes) -> None:
        self.link.lose()


class _BreakAfter(Effect):
    __slots__ = ("_left",)

    def __init__(self, link: Link, after: int) -> None:
        super().__init__(link)
        self._left = after

    def down(self, data: bytes) -> None:
        part = data[: self._left]
        self._left -= len(part)
        self.link.pass_down(part)
        if not self._left:
            self.link.cut()
