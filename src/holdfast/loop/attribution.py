"""From the stack of a loop that stands still to the line and the request that hold it."""

from __future__ import annotations

import dis
import re
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType
from typing import NamedTuple

from holdfast.loop.owncode import OwnCode, code_of, package_of
from holdfast.loop.place import Place
from holdfast.loop.route import Request, request_id_of, request_of

__all__ = ["Attribution", "Stack"]

_DEPTH = 500  # frames: beyond it is recursion, whose innermost frames say enough

# A comprehension is a function of its own up to Python 3.11 and part of its function from 3.12 on.
_COMPREHENSION = re.compile(r"(\.<locals>\.<(listcomp|setcomp|dictcomp|genexpr)>)+$")

_RESUME = dis.opmap["RESUME"]

Step = tuple[FrameType, int]
"""A frame and the line that it was at."""


class Stack(NamedTuple):
    """What a thread was doing: its frames within the loop, innermost first, each with the line it was at.

    `begun`: the innermost had only just been entered.
    """

    steps: list[Step]
    begun: bool

    @classmethod
    def of(cls, innermost: FrameType, base: CodeType) -> Stack:
        """Read the stack that ends in `innermost`. `base`: the code that runs the loop (`LagProbe.base`);
        frames outside it do not count.

        Nothing here lets go of the GIL of its own accord: the other thread stands still meanwhile.
        """
        return cls(_steps(innermost, base), _has_just_begun(innermost))


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

    def place(self, stack: Stack, entry: FrameType | None = None, *, after_c: bool = False) -> Place | None:
        """Return where `stack` stands, None when the loop is idle there.

        `entry`: the outermost frame of the task that runs, if one does. `after_c`: this is the first moment
        after something in C held the GIL. Python then stands at the call that has returned; or, where what
        held it was no call but an operator, in a function that it has just entered, which is blameless.
        """
        steps = stack.steps
        if after_c and stack.begun and len(steps) > 1:
            steps = steps[1:]
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
            request_id=request_id_of(scope),
        )

    def texts(self, stack: Stack) -> tuple[str, ...]:
        """Return every frame as "file:line function", innermost first."""
        return tuple(
            f"{self._own.name(frame.f_code.co_filename)}:{line} {frame.f_code.co_qualname}"
            for frame, line in stack.steps
        )

    def dumped(self, stack: tuple[str, ...], sampled: Place) -> Place:
        """Return the place of a stack of texts, as `texts` gives them but with bare names of functions.

        `sampled` is what was seen as the C code returned, which may be a moment later and another line: it
        knows the request, and the qualified name where it is the same function.
        """
        file, line, function = next(
            (step for step in map(_read, stack) if self._own.has(step[0])), _read(stack[0])
        )
        name = self._own.name(file)
        if name == sampled.file and sampled.function.rpartition(".")[2] == function:
            function = sampled.function
        sink_file, sink_line, sink = _read(stack[0])
        return replace(
            sampled,
            file=name,
            line=line,
            function=function,
            sink=f"{Path(sink_file).name}:{sink_line} {sink}",
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


def _read(step: str) -> tuple[str, int, str]:
    """Return file, line and function of a step as `Attribution.texts` writes it."""
    place, _, function = step.rpartition(" ")
    file, _, line = place.rpartition(":")
    return file, int(line), function


def _has_just_begun(frame: FrameType) -> bool:
    """Return whether `frame` stands at the instruction that begins a function, its last chance to be told."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return 0 <= at < len(code) - 1 and code[at] == _RESUME and code[at + 1] == 0


def _is_idle(steps: list[Step]) -> bool:
    """Return whether the loop waits in its selector: nothing runs inside the code that runs the loop.

    Uvloop waits in C, without any frame; asyncio in `selectors`. A loop that is caught there when it should
    have woken waits for its turn.
    """
    return not steps or (len(steps) == 1 and steps[0][0].f_code.co_name == "select")
