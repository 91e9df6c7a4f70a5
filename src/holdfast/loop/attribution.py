"""From the stack of a loop that stands still to the line and the request that hold it."""

from __future__ import annotations

import re
from pathlib import Path
from types import CodeType, FrameType

from holdfast.loop.owncode import OwnCode, code_of, package_of
from holdfast.loop.place import Place
from holdfast.loop.route import Request, request_of

__all__ = ["Attribution"]

_DEPTH = 500  # frames: beyond it is recursion, whose innermost frames say enough

# A comprehension is a function of its own up to Python 3.11 and part of its function from 3.12 on.
_COMPREHENSION = re.compile(r"(\.<locals>\.<(listcomp|setcomp|dictcomp|genexpr)>)+$")

Step = tuple[FrameType, int]
"""A frame and the line that it was at."""


class Attribution:
    """Names the place of a stack.

    The stack is another thread's, and moves on whenever this one is interrupted. So frames and lines are
    taken quickly and first; what is read from a frame afterwards may be a moment younger, never another
    function's.

    The service's line is the innermost one that is its own. Where no such frame is on the stack, it is the
    first line of the request's handler: the framework works for it (it serialises its answer), or a database
    driver does in a greenlet, whose stack ends before it reaches the handler (SQLAlchemy's asyncio).
    """

    __slots__ = ("_own",)

    def __init__(self, cwd: Path | None = None) -> None:
        self._own = OwnCode(cwd)

    def place(self, innermost: FrameType, base: CodeType, entry: FrameType | None = None) -> Place | None:
        """Return where the stack that ends in `innermost` stands, None when the loop is idle there.

        `base`: the code that runs the loop (`LagProbe.base`); frames outside it do not count. `entry`: the
        outermost frame of the task that runs, if one does.
        """
        steps = _steps(innermost, base)
        if _is_idle(steps):
            return None
        scope, route = request_of([frame for frame, _ in steps], entry)
        code, line = self._blame(steps, scope)
        sink, sink_line = steps[0]
        return Place(
            file=self._own.name(code.co_filename),
            line=line,
            function=_COMPREHENSION.sub("", code.co_qualname),
            sink=f"{Path(sink.f_code.co_filename).name}:{sink_line} {sink.f_code.co_name}",
            route=route,
        )

    def _blame(self, steps: list[Step], scope: Request | None) -> tuple[CodeType, int]:
        endpoint = scope.get("endpoint") if scope is not None else None
        package = package_of(endpoint)
        for frame, line in steps:
            if self._own.has_frame(frame, package):
                return frame.f_code, line
        handler = code_of(endpoint)
        if handler is not None and (package or self._own.has(handler.co_filename)):
            return handler, handler.co_firstlineno
        frame, line = steps[0]
        return frame.f_code, line


def _steps(innermost: FrameType, base: CodeType) -> list[Step]:
    steps: list[Step] = []
    frame: FrameType | None = innermost
    while frame is not None and frame.f_code is not base and len(steps) < _DEPTH:
        steps.append((frame, frame.f_lineno or frame.f_code.co_firstlineno))
        frame = frame.f_back
    return steps


def _is_idle(steps: list[Step]) -> bool:
    """Return whether the loop waits in its selector: nothing runs inside the code that runs the loop.

    Uvloop waits in C, without any frame; asyncio in `selectors`. A loop that is caught there when it should
    have woken waits for its turn.
    """
    return not steps or (len(steps) == 1 and steps[0][0].f_code.co_name == "select")
