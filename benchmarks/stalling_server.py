"""A server of which everything is known: first come first served, a fixed service time, recorded stalls.

One thread serves in the order of arrival, `SERVICE_NS` of busy work each. About every `EVERY` seconds it
stands still for `STALL` seconds, as a loop does that something blocks. On SIGTERM it writes its stalls as
JSON to the file it was given: [[start_ns, duration_ns], ...] of CLOCK_MONOTONIC, ascending. Time that the
machine takes away while a request is served is a stall like any other and is recorded too.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

__all__ = ["EVERY", "SERVICE_NS", "STALL"]

SERVICE_NS = 1_000_000
STALL = 0.5
EVERY = 5.0
_SPREAD = 0.3  # of EVERY to either side: a fixed period would alias with whatever else is periodic
_TAKEN_NS = 200_000  # an overrun of the busy work beyond this was not ours
# Reading, writing and polling lie inside the service time, which would otherwise not be the one stated: what
# starts within this of the end of the one before counts from that end.
_BETWEEN_NS = 300_000
_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Service:
    """The one thing that serves. `stalls`: (start, duration) in ns."""

    def __init__(self) -> None:
        self.stalls: list[tuple[int, int]] = []
        self._free = 0

    def serve(self) -> None:
        """Work until the service time of one request is over."""
        now = time.monotonic_ns()
        end = SERVICE_NS + (self._free if now - self._free < _BETWEEN_NS else now)
        while (now := time.monotonic_ns()) < end:
            pass
        if now - end > _TAKEN_NS:
            self.stalls.append((end, now - end))
            end = now
        self._free = end

    def stall(self) -> None:
        """Stand still."""
        begin = time.monotonic_ns()
        time.sleep(STALL)
        self._free = time.monotonic_ns()
        self.stalls.append((begin, self._free - begin))


class Served(asyncio.Protocol):
    """One connection: each read is one request."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Work for the service time, then answer."""
        self._service.serve()
        self._transport.write(_ANSWER)


async def main(service: Service, seed: int) -> None:
    """Serve on a free port, printed first, until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    rng = random.Random(seed)

    def stall() -> None:
        service.stall()
        gap = EVERY * rng.uniform(1 - _SPREAD, 1 + _SPREAD)
        loop.call_later(gap - STALL, stall)

    loop.call_later(rng.uniform(0.5, EVERY), stall)
    listener = await loop.create_server(lambda: Served(service), "127.0.0.1", 0, backlog=4096)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    listener.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        known = Service()
        runner.run(main(known, int(sys.argv[2])))
    Path(sys.argv[1]).write_text(json.dumps(known.stalls), encoding="utf-8")
