"""PostgreSQL statements: the frontend's messages of protocol 3 (PostgreSQL documentation, 54.7 and 54.2).

A call is a Query, or a group of messages up to its Sync: parsed, bound and executed, it is one answer that
the service waits for. A group is refused as one, as the server does it: an ErrorResponse at once, everything
else is passed over until the Sync, and then ReadyForQuery. A connection that turns to TLS or GSSAPI cannot be
read any further.
"""

from __future__ import annotations

__all__ = ["PostgresFramer"]

_SSL, _GSS, _CANCEL, _VERSION = 80877103, 80877104, 80877102, 3 << 16
_QUERY, _SYNC = ord("Q"), ord("S")
_GROUPED = frozenset(b"PBDECFH")
"""Parse, Bind, Describe, Execute, Close, FunctionCall and Flush: what an extended query is made of."""

_PASSED = frozenset(b"dcfpX")
"""COPY's data and end, a password, and the end of the connection: they belong to what was begun before."""

_READY = b"Z\x00\x00\x00\x05"
_FAILED = {ord("I"): b"I", ord("T"): b"E", ord("E"): b"E"}
"""What becomes of a transaction in which a statement fails, by the state that ReadyForQuery told last."""


def _error() -> bytes:
    fields = b"SERROR\0VERROR\0C57000\0Minjected: this statement failed\0\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


_REFUSAL = _error()


class PostgresFramer:
    """Counts the statements of one connection, each when its message begins."""

    __slots__ = ("_buffer", "_ended", "_grouped", "_skip", "_starting", "_told", "lost")

    def __init__(self) -> None:
        self._buffer = b""  # the beginning of a message's head
        self._skip = 0  # bytes of the message that are still to come
        self._starting = True  # the first messages have no type
        self._grouped = False  # within a group that its Sync will end
        self._told = False  # and its error was told
        self._ended = bytearray()  # types of the messages that began in the bytes fed last
        self.lost = False

    def feed(self, data: bytes) -> int:
        """Return how many statements begin in `data`."""
        self._ended.clear()
        if self._buffer:
            data = self._buffer + data
        begun = at = 0
        while at < len(data) and not self.lost:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                at += step
                continue
            head = 8 if self._starting else 5
            if len(data) - at < head:
                self._check_start(data[at:])
                break
            if self._starting:
                self._start(data[at : at + head])
            else:
                begun += self._message(data[at], int.from_bytes(data[at + 1 : at + 5], "big"))
            at += head
        self._buffer = data[at:] if not self.lost else b""
        return begun

    @property
    def between(self) -> bool:
        """Whether no statement is half said: no message is, and no group waits for its Sync."""
        return not self._skip and not self._buffer and not self._grouped

    def refusal(self, said: bytes) -> bytes | None:
        """Return ErrorResponse and, at its turn, ReadyForQuery; None where that was not told last."""
        state = _FAILED.get(said[-1]) if said[-6:-1] == _READY else None
        if state is None:
            return None
        answer = b""
        for kind in self._ended:
            if kind == _QUERY or (kind != _SYNC and not self._told):
                answer += _REFUSAL
                self._told = kind != _QUERY
            if kind in (_QUERY, _SYNC):
                answer += _READY + state
                self._told = False
        return answer

    def _start(self, head: bytes) -> None:
        length, code = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
        if code == _VERSION or code >> 16 == 3:
            self._starting = False
        elif code not in (_SSL, _GSS, _CANCEL):
            self.lost = True
        self._skip = length - 8
        self.lost = self.lost or not 0 <= self._skip <= 1 << 16

    def _check_start(self, begin: bytes) -> None:
        """Notice TLS, whose first byte no message's length has."""
        if self._starting and begin and begin[0] != 0:
            self.lost = True

    def _message(self, kind: int, length: int) -> bool:
        """Begin a message; whether a call begins with it."""
        self._skip = length - 4
        self.lost = self._skip < 0
        begins = kind == _QUERY or (kind in _GROUPED and not self._grouped)
        if kind == _SYNC:
            self._grouped = False
        elif kind in _GROUPED:
            self._grouped = True
        elif kind != _QUERY and kind not in _PASSED:
            self.lost = True
        if kind in (_QUERY, _SYNC) or kind in _GROUPED:
            self._ended.append(kind)
        return begins
