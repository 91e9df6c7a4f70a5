"""What belongs to one event loop, such as permits and connections: one a loop, made when first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["PerLoop"]

T = TypeVar("T")


class PerLoop(Generic[T]):
    """`current()` returns the running loop's, made by `make` on that loop."""

    __slots__ = ("_make", "_of")

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._of: dict[asyncio.AbstractEventLoop, T] = {}

    def current(self) -> T:
        """Return the running loop's."""
        loop = asyncio.get_running_loop()
        found = self._of.get(loop)
        return self._open(loop) if found is None else found

    def peek(self) -> T | None:
        """Return the running loop's if it has one."""
        return self._of.get(asyncio.get_running_loop())

    def pop(self) -> T | None:
        """Return the running loop's if it has one, and forget it."""
        return self._of.pop(asyncio.get_running_loop(), None)

    def _open(self, loop: asyncio.AbstractEventLoop) -> T:
        # A loop that ended without `pop` took its sockets with it; forget it, or it is kept for ever.
        for gone in [other for other in self._of if other.is_closed()]:
            del self._of[gone]
        made = self._of[loop] = self._make()
        return made
