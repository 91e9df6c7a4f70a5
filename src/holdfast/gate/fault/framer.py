"""Where calls begin in a stream of bytes: the one thing that the proxy must know of a protocol.

A framer belongs to one connection and reads what the service sends. It never changes a byte, and when it no
longer understands them it says so (`lost`) instead of guessing: the count is then a lower bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Framer", "MakeFramer", "framer_of"]


class Framer(Protocol):
    """Counts the calls of one connection."""

    lost: bool
    """Whether it stopped understanding the stream; it counts no more from then on."""

    def feed(self, data: bytes) -> int:
        """Return how many calls begin in `data`, the next bytes from the service."""
        ...


MakeFramer = Callable[[], Framer]


def framer_of(kind: str) -> MakeFramer | None:
    """Return what counts the calls to a dependency of this kind, None where they cannot be counted."""
    if kind != "http":
        return None
    from holdfast.gate.fault.http import HttpFramer

    return HttpFramer
