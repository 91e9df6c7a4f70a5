"""The line of the service's own code that is behind what a database is asked.

SQLAlchemy's asyncio runs in a greenlet, whose stack ends where it was started: the search goes on in the
greenlet that did so, which is the task's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from types import FrameType

from greenlet import getcurrent

from holdfast.loop.owncode import OwnCode

__all__ = ["NOWHERE", "CodeLine", "code_line", "code_lines"]

CodeLine = tuple[str, int, str]
"""File, relative to the working directory; line; function."""

NOWHERE: CodeLine = ("", 0, "")
"""In place of a line where none of the service's own is on the stack."""

_FRAMES = 200  # beyond it is recursion


def code_line() -> CodeLine:
    """Return the innermost line of the service's own, `NOWHERE` where there is none."""
    return next(code_lines(), NOWHERE)


def code_lines() -> Iterator[CodeLine]:
    """Yield the service's own lines on the stack, innermost first."""
    own = _own(Path.cwd())
    for frame in islice(_frames(sys._getframe(1)), _FRAMES):
        code = frame.f_code
        if own.has(code.co_filename):
            yield own.name(code.co_filename), frame.f_lineno, code.co_qualname


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    greenlet = getcurrent()
    while True:
        while frame is not None:
            yield frame
            frame = frame.f_back
        if greenlet.parent is None:
            return
        greenlet = greenlet.parent
        frame = greenlet.gr_frame


@cache
def _own(cwd: Path) -> OwnCode:
    return OwnCode(cwd)
