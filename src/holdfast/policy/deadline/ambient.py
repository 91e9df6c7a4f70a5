"""The deadline that is in force here, for everything called: a context variable.

It crosses `await`, tasks created below and `asyncio.to_thread`, because all of those copy the context.
"""

from __future__ import annotations

from contextvars import ContextVar, Token

from holdfast.clock import Now, monotonic

__all__ = ["at", "remaining", "restore", "tighten"]

_AT: ContextVar[float | None] = ContextVar("holdfast_deadline", default=None)

at = _AT.get
"""`at() -> float | None`: the deadline in force, seconds of the monotonic clock; None where there is none."""


def remaining(now: Now = monotonic) -> float | None:
    """Return the seconds that are left, never below 0; None where there is no deadline."""
    deadline = _AT.get()
    return None if deadline is None else max(0.0, deadline - now())


def tighten(deadline: float | None) -> Token[float | None]:
    """Put `deadline` in force unless an earlier one is: an inner scope never extends an outer one.

    Give the token to `restore` in the same context.
    """
    outer = _AT.get()
    if outer is not None and (deadline is None or outer < deadline):
        deadline = outer
    return _AT.set(deadline)


restore = _AT.reset
"""`restore(token)`: put back in force what was before `tighten`."""
