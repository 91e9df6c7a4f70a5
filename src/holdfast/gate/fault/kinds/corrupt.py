"""Answers with wrong bytes in them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.gate.fault.kinds import words
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Corrupt"]


@dataclass(frozen=True, slots=True)
class Corrupt(Fault):
    """In a share of the packets of answers one byte, anywhere, has all its bits turned over."""

    kind: ClassVar[str] = "corrupt"
    share: float

    def __post_init__(self) -> None:
        """Refuse a share that cannot be."""
        words.check_share(self.kind, self.share)

    def describe(self) -> str:
        """One line in words."""
        return f"a wrong byte in {words.of_share(self.share)} of the packets of its answers"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Change bytes by chance."""
        return lambda link: _Turn(link, self.share, rng)


class _Turn(Effect):
    __slots__ = ("_rng", "_share")

    def __init__(self, link: Link, share: float, rng: random.Random) -> None:
        super().__init__(link)
        self._share = share
        self._rng = rng

    def down(self, data: bytes) -> None:
        if self._rng.random() < self._share:
            changed = bytearray(data)
            changed[self._rng.randrange(len(data))] ^= 0xFF
            data = bytes(changed)
        self.link.pass_down(data)
