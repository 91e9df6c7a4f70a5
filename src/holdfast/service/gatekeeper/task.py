"""The task that runs now, for little: it is asked for on every request."""

from __future__ import annotations

import asyncio
from asyncio import tasks
from collections.abc import Callable
from functools import partial
from typing import Any

__all__ = ["task_of"]


def task_of(loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.Task[Any] | None]:
    """Return what `asyncio.current_task` does, for one loop.

    Up to Python 3.11 that is a function in Python, which takes longer than the look-up that it is for. Where
    it is written in C, or keeps its tasks elsewhere, it is used as it is.
    """
    running = getattr(tasks, "_current_tasks", None)
    if isinstance(running, dict) and not hasattr(tasks, "_c_current_task"):
        return partial(running.get, loop)
    return partial(asyncio.current_task, loop)
