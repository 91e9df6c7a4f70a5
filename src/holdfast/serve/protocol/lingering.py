"""The lingering close: an answer that comes before the body, on a connection that ends with it.

Uvicorn closes as soon as such an answer is complete. The kernel answers what is still to come with a reset,
and the reset eats the answer. nginx (lingering_close) and Apache read on for a while, and so does `Guarded`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Lingering", "Lingers"]


class _Transport(Protocol):
    """What a cycle of Uvicorn uses of a transport."""

    @property
    def write(self) -> Callable[[bytes], None]:
        """Write bytes."""

    @property
    def is_closing(self) -> Callable[[], bool]:
        """Whether it is closed, or about to be."""


class Lingers(Protocol):
    """A connection that knows whether a body is still on its way."""

    @property
    def transport(self) -> _Transport:
        """Its transport."""

    def close_after(self) -> None:
        """Close; if a request was answered whose body is not complete, a little later."""


class Lingering:
    """The transport as the cycle of a request sees it that has begun before its body was complete."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, of: Lingers) -> None:
        self.write = of.transport.write
        self.is_closing = of.transport.is_closing
        self.close = of.close_after
