"""Where calls begin and end in a stream of bytes: the one thing that the proxy must know of a protocol.

A framer belongs to one connection and reads what the service sends. It never changes a byte, and when it no
longer understands them it says so (`lost`) instead of guessing: the count is then a lower bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Framer", "MakeFramer"]


class Framer(Protocol):
    """Counts the calls of one connection, and knows how their failing is said."""

    lost: bool
    """Whether it stopped understanding the stream; it counts no more from then on."""

    def feed(self, data: bytes) -> int:
        """Return how many calls begin in `data`, the next bytes from the service."""
        ...

    @property
    def between(self) -> bool:
        """Whether every call that began is wholly said: whether the next byte begins something new."""
        ...

    def refusal(self, said: bytes) -> bytes | None:
        """Return what the dependency would say to what was fed last, if it failed all of it.

        To be asked after each `feed` from the one on in which a refused call begins, until `between`.
        `said`: the last bytes that the dependency sent. b"" where it would say nothing yet; None where no
        answer would be understood now.
        """
        ...


MakeFramer = Callable[[], Framer]
