"""A share of the calls fails."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from holdfast.gate.fault.kinds import words
from holdfast.gate.fault.kinds.effect import Effect, Fault, MakeEffect

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["Brownout"]


@dataclass(frozen=True, slots=True)
class Brownout(Fault):
    """A share of the calls fails by a reset of their connection, the others pass.

    Decided for each call where the protocol is known, else once for each connection at its next bytes.
    """

    kind: ClassVar[str] = "brownout"
    share: float

    def __post_init__(self) -> None:
        """Refuse a share that cannot be."""
        words.check_share(self.kind, self.share)

    def describe(self) -> str:
        """One line in words."""
        return f"{words.of_share(self.share)} of the calls reset"

    def effects(self, rng: random.Random) -> MakeEffect:
        """Strike by chance."""
        return lambda link: _Strike(link, self.share, rng)


class _Strike(Effect):
    __slots__ = ("_rng", "_share", "_spared")

    def __init__(self, link: Link, share: float, rng: random.Random) -> None:
        super().__init__(link)
        self._share = share
        self._rng = rng
        self._spared = False  # for good, where calls are not known

    def up(self, data: bytes, begun: int) -> None:
        if self._struck(begun):
            self.link.reset()
        else:
            self.link.pass_up(data)

    def _struck(self, begun: int) -> bool:
        """Whether one of the `begun` calls fails; without a framer, whether this connection does."""
        if self.link.framed:
            return begun > 0 and self._rng.random() < 1 - (1 - self._share) ** begun
        if self._spared:
            return False
        self._spared = self._rng.random() >= self._share
        return not self._spared
