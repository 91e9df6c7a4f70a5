"""Cancelling a request's task, and taking that back when it has had its effect."""

from __future__ import annotations

import asyncio
from typing import Any

from holdfast.policy.deadline.wheel import Entry

__all__ = ["Cut"]


class Cut(Entry):
    """Something on the timer wheel that may cancel the task it is in, once. `due` says when."""

    __slots__ = ("_cancelling", "_cut", "_task")

    _cancelling: int
    _cut: bool
    _task: asyncio.Task[Any] | None

    def cut(self) -> None:
        """Cancel the work, once."""
        if self._task is not None and not self._cut:
            self._cut = True
            self._task.cancel()

    def absorb(self) -> bool:
        """Take back the cancellation that `cut` asked for, once.

        Returns whether there was one and no other: otherwise somebody else cancelled, and that goes on (the
        bookkeeping of `asyncio.timeout`).
        """
        if not self._cut or self._task is None:
            return False
        self._cut = False
        return self._task.uncancel() <= self._cancelling
