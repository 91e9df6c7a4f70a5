"""The simplest HTTP server: the same 150 bytes to every request, so that only the load generator differs."""

from __future__ import annotations

import asyncio
import signal
from typing import cast

import uvloop

_BODY = b'{"id":1,"name":"product 1"}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\nserver: plain\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class Plain(asyncio.Protocol):
    """Answers as many requests as end in what was read; none of them may have a body."""

    __slots__ = ("_transport",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self._transport.write(_ANSWER * data.count(b"\r\n\r\n"))


async def main() -> None:
    """Serve on a free port, printed first, until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    listener = await loop.create_server(Plain, "127.0.0.1", 0)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    listener.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
