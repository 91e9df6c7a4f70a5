"""The request id: taken from the caller where it is sane, else made here; readable anywhere below."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar

__all__ = ["HEADER", "Identity", "current", "request_id"]

HEADER = b"x-request-id"

_SANE = re.compile(rb"[A-Za-z0-9._:@/+=-]{1,128}").fullmatch
"""What may enter logs and headers: no spaces, no controls, bounded length."""

current: ContextVar[bytes] = ContextVar("holdfast_request_id", default=b"")
"""The id of the request being served, empty outside of one."""


_BLOCK = 4096
_DIGITS = [b"%03x" % number for number in range(_BLOCK)]
"""The last three digits, made in advance: formatting a number costs more than all the rest of an id."""


class Identity:
    """Makes ids: eight random bytes a process and a counter, unique across workers without a system call."""

    __slots__ = ("_block", "_head", "_next", "_pid", "_prefix")

    def __init__(self) -> None:
        self._next = 0
        self._reseed()

    def accept(self, inbound: bytes | None) -> bytes:
        """Return the caller's id if it is sane, else a new one."""
        if inbound is not None and _SANE(inbound):
            return inbound
        number = self._next
        if number == _BLOCK:
            number = self._turn()
        self._next = number + 1
        return self._head + _DIGITS[number]

    def after_fork(self) -> None:
        """Take a prefix of one's own when the process was forked after construction."""
        if os.getpid() != self._pid:
            self._reseed()

    def _reseed(self) -> None:
        self._pid = os.getpid()
        self._prefix = os.urandom(8).hex().encode("ascii")
        self._block = -1
        self._next = self._turn()

    def _turn(self) -> int:
        self._block += 1
        self._head = b"%b-%x" % (self._prefix, self._block)
        return 0


def request_id() -> str:
    """Return the id of the request being served, "" outside of one: for logs and calls to other services."""
    return current.get().decode("ascii", "replace")
