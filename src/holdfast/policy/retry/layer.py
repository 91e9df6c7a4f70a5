"""Only one layer retries.

Three layers of three attempts are 27 calls. So an attempt that is a retry is marked: in the process by a
context variable, between processes by a header that whoever sends the call adds and the door of the next
service reads. Below a marked attempt nobody retries.
"""

from __future__ import annotations

from contextvars import ContextVar, Token

__all__ = ["HEADER", "attempt_above", "restore", "retried"]

HEADER = "holdfast-attempt"
"""The header of a retried attempt; its value is the attempt's number, from 2."""

_ATTEMPT: ContextVar[int] = ContextVar("holdfast_attempt", default=1)

attempt_above = _ATTEMPT.get
"""`attempt_above() -> int`: the attempt that this code is part of; above 1, leave retries to it."""


def retried(attempt: int) -> Token[int]:
    """Mark what runs from here as part of attempt number `attempt`; give the token to `restore`."""
    return _ATTEMPT.set(attempt)


def restore(token: Token[int]) -> None:
    """Undo `retried`, in the same context."""
    _ATTEMPT.reset(token)
