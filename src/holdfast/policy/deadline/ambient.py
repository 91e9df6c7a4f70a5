"""The deadline that is in force here, for everything called: a context variable.

It crosses `await`, tasks created below and `asyncio.to_thread`, because all of those copy the context. What
it holds is a frame, not a number: whoever opened it may move its deadline for all that is below at once, as
the door does when an answer has begun.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Protocol

from holdfast.clock import Now, monotonic

__all__ = ["Frame", "at", "earlier", "enter", "frame", "remaining", "replace", "restore", "tighten"]


class Frame(Protocol):
    """A stretch of work: `at` is its deadline (seconds, monotonic) or None; `outer` is around it."""

    at: float | None
    outer: Frame | None


class _Within:
    """A frame that is nothing else."""

    __slots__ = ("at", "outer")

    def __init__(self, at: float | None, outer: Frame | None) -> None:
        self.at = at
        self.outer = outer


_FRAME: ContextVar[Frame | None] = ContextVar("holdfast_deadline", default=None)

frame = _FRAME.get
"""`frame() -> Frame | None`: the innermost frame."""

enter = _FRAME.set
"""`enter(frame)`: put a frame in force as it is; give the token to `restore` in the same context."""

restore = _FRAME.reset
"""`restore(token)`: put back in force what was before."""


def at() -> float | None:
    """Return the deadline in force, seconds of the monotonic clock; None where there is none."""
    here = frame()
    return None if here is None else here.at


def remaining(now: Now = monotonic) -> float | None:
    """Return the seconds that are left, never below 0; None where there is no deadline."""
    deadline = at()
    return None if deadline is None else max(0.0, deadline - now())


def tighten(deadline: float | None) -> Token[Frame | None]:
    """Put `deadline` in force unless an earlier one is: an inner scope never extends an outer one.

    Give the token to `restore` in the same context.
    """
    outer = frame()
    return enter(_Within(deadline if outer is None else earlier(outer.at, deadline), outer))


def earlier(one: float | None, other: float | None) -> float | None:
    """Return the earlier of two deadlines; None is none at all."""
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


def replace(deadline: float | None) -> Token[Frame | None]:
    """Put in force exactly `deadline`, also a later one or None: for what must finish."""
    return enter(_Within(deadline, frame()))
