"""asyncio's own debug mode, as the budget says: it logs slow callbacks, and misuse of the loop."""

from __future__ import annotations

import asyncio

__all__ = ["Debugging"]


class Debugging:
    """Sets a loop's debug mode and the seconds above which it logs a callback; `undo` puts both back.

    Uvloop has the same two settings. With `on` False nothing is touched: PYTHONASYNCIODEBUG still holds.
    """

    __slots__ = ("_before", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, *, on: bool, slow: float) -> None:
        self._loop = loop
        self._before = (loop.get_debug(), loop.slow_callback_duration) if on else None
        if on:
            loop.set_debug(True)
            loop.slow_callback_duration = slow

    def undo(self) -> None:
        """Put back what was set."""
        if self._before is not None and not self._loop.is_closed():
            debug, self._loop.slow_callback_duration = self._before
            self._loop.set_debug(debug)
        self._before = None
