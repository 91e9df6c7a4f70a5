"""Who turns requests away for all connections of one server: the answer as bytes, ready to be written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE
from uvicorn.server import ServerState

from holdfast.serve.protocol.scout import Scout
from holdfast.service.door import Door, Refuses
from holdfast.service.problem import Headers
from holdfast.service.refusal import Answer

__all__ = ["Porter"]

_CLOSE = b"connection: close\r\n"

_KNOWN = 1024
_SHORT = 1024
"""Requests that are known again by their bytes, within a second, and bytes of one. It is llhttp's word that
is kept; who sends other bytes each time is looked at each time."""


class Known(NamedTuple):
    """A request that is known by its bytes: what says whether one of its priority is refused now, where that
    is counted by reason, and the answers, in turn."""

    refuses: Refuses
    priority: int
    counts: defaultdict[str, int]
    answers: Iterator[bytes]


class Porter:
    """Of `door` and of a server; renders anew when the server makes its default headers anew, each second.

    `known` are requests by their bytes, for as long as the server's default headers are the same.
    """

    __slots__ = (
        "_cors",
        "_default",
        "_get",
        "_head",
        "_misses",
        "_never",
        "_sees",
        "_state",
        "_turn",
        "closing",
        "door",
        "known",
    )

    def __init__(self, door: Door, state: ServerState) -> None:
        self.door = door
        self._state = state
        self._sees = Scout().sees
        self._cors = door.answers.cors
        self._turn = 0
        self.known: dict[bytes, Known] = {}
        self._misses = 0
        self._default: Headers | None = None
        self._never = tuple(path.encode("utf-8", "surrogateescape") for path in door.never)
        door.connections = lambda: len(state.connections)
        self._render()

    @classmethod
    def of(cls, door: Door, state: ServerState) -> Porter:
        """Return the one porter of this server and door."""
        porter = door.porter
        if not isinstance(porter, cls) or porter._state is not state:
            porter = door.porter = cls(door, state)
        return porter

    def know(self, data: bytes) -> Known | None:
        """Return what is to be done about `data` while nobody is let in; None: it wants a further look."""
        if self._state.default_headers is not self._default:
            self._render()
        return self.known.get(data) or self._look(data)

    def _look(self, data: bytes) -> Known | None:
        target = self._sees(data)
        if self.closing or not self._fits(target, data):
            return None
        head = data.startswith(b"HEAD ")
        path = target.partition(b"?")[0].decode("ascii")
        priority = self.door.priority_of("HEAD" if head else "GET", path)
        refuses, counts = self.door.asks(priority)
        known = Known(refuses, priority or 0, counts, self._head if head else self._get)
        self._misses += 1
        if self._misses <= _KNOWN and len(data) <= _SHORT:
            self.known[data] = known
        return known

    def _fits(self, target: bytes, data: bytes) -> bool:
        """Whether `data`, a request for `target`, can be refused without a further look at it."""
        # Left to the server's parser: what is no such request, a target that the server would not take, and
        # one that may name a path which is never refused.
        return not (
            not target.startswith(b"/")
            or not target.isascii()
            or target.startswith(self._never)
            or (b"%" in target and b"%" in target.partition(b"?")[0])
            or (self._cors and b"\norigin:" in data.lower())
        )

    def answer(self, headers: Headers, *, head: bool, keep: bool) -> tuple[bytes, bool]:
        """Return the answer to a request with `headers`, and whether the connection goes on."""
        if self._state.default_headers is not self._default:
            self._render()
        answers = self.door.answers
        origin = next((value for name, value in headers if name == b"origin"), None) if self._cors else None
        keep = keep and not self.closing
        if keep and origin is None:
            return next(self._head if head else self._get), True
        found = answers.plain if origin is None else answers.to(origin)
        close = b"" if keep or self.closing else _CLOSE
        assert self._default is not None  # noqa: S101 - rendered above
        self._turn = (self._turn + 1) % len(found)
        return _written(self._default, found[self._turn], close, head=head), keep

    def words(self, status: int, why: str) -> bytes:
        """Return an answer of the protocol itself, in the form of Uvicorn's own 400."""
        default = [header for header in self._state.default_headers if header[0] != b"connection"]
        lines = [STATUS_LINE[status], *(b"%b: %b\r\n" % header for header in default)]
        lines += [b"content-type: text/plain; charset=utf-8\r\n", b"content-length: %d\r\n" % len(why)]
        return b"".join((*lines, _CLOSE, b"\r\n", why.encode("ascii")))

    def _render(self) -> None:
        default = self._default = self._state.default_headers
        self.closing = any(name == b"connection" and b"close" in value.lower() for name, value in default)
        # Anew each second: who is refused asks again with the same bytes, and others come.
        self.known.clear()
        self._misses = 0
        plain = self.door.answers.plain
        self._get = cycle([_written(default, answer, b"", head=False) for answer in plain])
        self._head = cycle([_written(default, answer, b"", head=True) for answer in plain])


def _written(default: Iterable[tuple[bytes, bytes]], answer: Answer, more: bytes, *, head: bool) -> bytes:
    headers, body = answer
    lines = [b"%b: %b\r\n" % (name.lower(), value) for name, value in (*default, *headers)]
    return b"".join((STATUS_LINE[503], *lines, more, b"\r\n", b"" if head else body))
