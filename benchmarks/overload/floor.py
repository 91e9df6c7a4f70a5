"""The least that a refusal can cost on this machine: the ordinary path, and a constant when it is full.

No reading of the request, no decision by class, no counting, no limits of age: what is left of the peak then
is what the kernel and the event loop take for a read and a write. What refuses in Python keeps no more.
"""

from __future__ import annotations

from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from benchmarks.overload.service import TUNED

__all__ = ["WriteOnly"]

_ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 4\r\n\r\nfull"


class WriteOnly(HttpToolsProtocol):
    """A connection that writes a constant while `TUNED` requests are inside.

    Right only for a driver whose requests come whole and one at a time on a connection.
    """

    inside: ClassVar[int] = 0
    """Of all connections, counted as their bytes come: a loop reads all sockets before any request begins."""

    def data_received(self, data: bytes) -> None:
        """Refuse without a look, or serve."""
        if WriteOnly.inside >= TUNED:
            self.transport.write(_ANSWER)
        else:
            WriteOnly.inside += 1
            super().data_received(data)

    def on_response_complete(self) -> None:
        """Let the next one in."""
        WriteOnly.inside -= 1
        super().on_response_complete()
