"""The payment provider: another company's service, as far as the shop can see.

    python -m examples.shop.provider --port 8090

`POST /charges` answers {"id": "ch_...", "status": "paid"} after 15 to 20 ms. A repeated Idempotency-Key gets
the charge that was made for it, and makes none. `GET /charges` tells how many requests came and how many
charges they made.

It shares a core with the load that it is tested with, so it is one asyncio protocol over a C parser, and not
a framework.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

import httptools

__all__ = ["Behaviour", "Charges", "Connection", "main", "serve"]

REMEMBERED_KEYS = 50_000


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the provider is today: seconds from `fastest` to `slowest`, and the share that it answers 500."""

    fastest: float = 0.015
    slowest: float = 0.020
    failures: float = 0.0


@dataclass(slots=True)
class Charges:
    """The provider's books: `requests` asked for a charge, `made` of them made one."""

    requests: int = 0
    made: int = 0
    by_key: dict[bytes, str] = field(default_factory=dict)

    def charge(self, key: bytes) -> str:
        """Return the id of the charge for an idempotency key, made now if it is new; b"" is always new."""
        self.requests += 1
        if key and (known := self.by_key.get(key)):
            return known
        self.made += 1
        charge = f"ch_{self.made:08d}"
        if key:
            self.by_key[key] = charge
            if len(self.by_key) > REMEMBERED_KEYS:
                del self.by_key[next(iter(self.by_key))]
        return charge


class Connection(asyncio.Protocol):
    """One kept-alive connection; answers leave in the order of their requests."""

    def __init__(self, charges: Charges, behaviour: Behaviour, open_: set[Connection]) -> None:
        self._charges = charges
        self._behaviour = behaviour
        self._open = open_
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._key = b""
        self._last_due = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection, so that the end of the process can close it."""
        self.transport = cast("asyncio.Transport", transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; an answer still due is dropped."""
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what it cannot read ends the connection."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._answer(HTTPStatus.BAD_REQUEST, {"detail": "not HTTP/1.1"})
            self.transport.close()

    def on_message_begin(self) -> None:
        """Start a request."""
        self._target = self._key = b""

    def on_url(self, url: bytes) -> None:
        """Take the request's target, which may come in pieces."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take the one header that matters."""
        if name.lower() == b"idempotency-key":
            self._key = value

    def on_message_complete(self) -> None:
        """Decide what to answer, and when."""
        if self._target != b"/charges":
            self._answer(HTTPStatus.NOT_FOUND, {"detail": "no such thing here"})
        elif self._parser.get_method() == b"GET":
            self._answer(HTTPStatus.OK, {"requests": self._charges.requests, "made": self._charges.made})
        else:
            today = self._behaviour
            latency = random.uniform(today.fastest, today.slowest)
            self._last_due = max(self._last_due, self._loop.time() + latency)
            self._loop.call_at(self._last_due, self._charge, self._key)

    def _charge(self, key: bytes) -> None:
        if self.transport.is_closing():
            return  # in life, who does not wait may be charged all the same
        if random.random() < self._behaviour.failures:
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"detail": "try again later"})
        else:
            self._answer(HTTPStatus.OK, {"id": self._charges.charge(key), "status": "paid"})

    def _answer(self, status: HTTPStatus, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)


async def serve(host: str, port: int, behaviour: Behaviour) -> None:
    """Serve until SIGINT or SIGTERM; print the address, which port 0 leaves to the system.

    Raises OSError when the address is taken.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    charges, connections = Charges(), set[Connection]()
    server = await loop.create_server(lambda: Connection(charges, behaviour, connections), host, port)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"payment provider on http://{host}:{port}", flush=True)
        await stopped.wait()
        server.close()
        for connection in list(connections):
            connection.transport.abort()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.shop.provider", description="A payment provider."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0: any free one")
    parser.add_argument("--fastest", type=float, default=0.015, metavar="SECONDS")
    parser.add_argument("--slowest", type=float, default=0.020, metavar="SECONDS")
    parser.add_argument("--failures", type=float, default=0.0, metavar="SHARE", help="of the charges, 0 to 1")
    given = parser.parse_args()
    behaviour = Behaviour(given.fastest, given.slowest, given.failures)
    try:
        asyncio.run(serve(given.host, given.port, behaviour))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        parser.exit(1, f"cannot listen on {given.host}:{given.port}: {reason}\n")


if __name__ == "__main__":
    main()
