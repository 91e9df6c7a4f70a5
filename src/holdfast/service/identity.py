"""The request id: taken from the caller where it is sane, else made here; readable anywhere below."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from holdfast.policy.deadline import ambient

__all__ = ["HEADER", "Identity", "request_id"]

HEADER = b"x-request-id"

_SANE = re.compile(rb"[A-Za-z0-9._:@/+=-]{1,128}").fullmatch
"""What may enter logs and headers: no spaces, no controls, bounded length."""

_DIGITS = [b"%02x" % number for number in range(256)]
"""The last digits, made in advance: formatting a number costs more than all the rest of an id. They are few,
so that they stay in the cache."""


class Identity:
    """Makes ids: eight random bytes a process and a counter, unique across workers without a system call.

    `made` is an iterator that gives ids for as long as its block lasts; `accept` begins the next one.
    """

    __slots__ = ("_block", "_pid", "_prefix", "made")

    def __init__(self) -> None:
        self._reseed()

    def accept(self, inbound: bytes | None) -> bytes:
        """Return the caller's id if it is sane, else a new one."""
        if inbound is not None and _SANE(inbound):
            return inbound
        made = next(self.made, None)
        if made is None:
            self._turn()
            made = next(self.made)
        return made

    def after_fork(self) -> None:
        """Take a prefix of one's own when the process was forked after construction."""
        if os.getpid() != self._pid:
            self._reseed()

    def _reseed(self) -> None:
        self._pid = os.getpid()
        self._prefix = os.urandom(8).hex().encode("ascii")
        self._block = -1
        self._turn()

    def _turn(self) -> None:
        self._block += 1
        head = b"%b-%x" % (self._prefix, self._block)
        self.made: Iterator[bytes] = map(head.__add__, _DIGITS)


def request_id() -> str:
    """Return the id of the request being served, "" outside of one: for logs and calls to other services."""
    frame = ambient.frame()
    while frame is not None:
        found: bytes | None = getattr(frame, "request_id", None)
        if found is not None:
            return found.decode("ascii", "replace")
        frame = frame.outer
    return ""
