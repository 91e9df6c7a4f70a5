"""A protocol without a network: bytes in, answers out."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from holdfast.budget.model.connection import Connection
from holdfast.policy.admission.core import Refused
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.serve.protocol.guarded import Guarded
from holdfast.serve.protocol.porter import Porter
from holdfast.service.door import Door
from holdfast.service.refusal import answers, refuser

PROBE = "/livez"
VIP = "/vip"


class Transport:
    """What was written, and whether it was closed; writes after that are lost, as on a socket."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.ended = asyncio.Event()
        self.cut = asyncio.Event()
        self.reading = True

    @property
    def closed(self) -> bool:
        return self.ended.is_set()

    def write(self, data: bytes) -> None:
        if not self.closed:
            self.written += data

    def close(self) -> None:
        self.ended.set()

    def abort(self) -> None:
        self.ended.set()
        self.cut.set()

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 5), "sockname": ("127.0.0.1", 80)}.get(name, default)

    def set_protocol(self, protocol: Any) -> None:
        """A WebSocket takes over."""


class Full:
    """A gate that refuses all, or all below a priority."""

    in_flight = 1
    limit = 1
    coming = 0
    queued = 0
    restless = True

    def __init__(self, least: int | None) -> None:
        self.least = least

    def shut(self, now: float) -> Refused | None:
        return Refused("full", 1.0) if self.least is None else None

    def refuses(self, now: float, priority: int) -> Refused | None:
        return Refused("full", 1.0) if self.least is None or priority < self.least else None


def priority_of(scope: Any) -> int:
    return 299 if scope["path"].startswith(VIP) else 199


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was received, so that two servers must agree where a message ends."""
    said = hashlib.sha256(f"{scope['method']} {scope['path']}".encode("utf-8", "surrogateescape"))
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        said.update(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = said.hexdigest().encode()
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def service(refuse: ASGIApp, gate: Full) -> ASGIApp:
    """Return an app that refuses what the gate refuses, after everything else."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == PROBE or gate.refuses(0.0, priority_of(scope)) is None:
            await echo(scope, receive, send)
        else:
            await refuse(scope, receive, send)

    return app


@dataclass
class Answer:
    """One answer as a client parses it."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False

    @property
    def seen(self) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes, bool]:
        """What two servers must agree on. Retry-After goes round, and so does the body that repeats it; a
        connection may be said to close once or twice."""
        kept = tuple(sorted({header for header in self.headers if header[0] != b"retry-after"}))
        return self.status, kept, b"" if self.status == 503 else self.body, self.complete


class Peer:
    """One server and one connection to it."""

    def __init__(
        self,
        *,
        ours: bool,
        early: bool = True,
        least: int | None = None,
        middleware: Any = (),
        limits: Connection | None = None,
        connection: Enforcement = ENFORCED,
        app: ASGIApp | None = None,
        closing: bool = False,
    ) -> None:
        gate = Full(least)
        refuse = refuser(middleware)
        config = Config(app or service(refuse, gate), log_config=None, proxy_headers=False, ws="none")
        config.load()
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"now"), (b"server", b"uvicorn")]
        if closing:
            self.state.default_headers.append((b"connection", b"close"))
        self.transport = Transport()
        loop = asyncio.get_running_loop()
        self.protocol: HttpToolsProtocol
        if ours:
            self.door = Door(
                object(),
                gate,
                answers=answers(refuse),
                limits=limits or Connection(),
                connection=connection,
                never=(PROBE,),
                classify=priority_of,
            )
            porter = Porter.of(self.door, self.state)
            if not early:
                porter._sees = _nothing
            self.protocol = Guarded(porter, config, self.state, {}, loop)
        else:
            self.protocol = HttpToolsProtocol(config, self.state, {}, loop)
        self.protocol.connection_made(self.transport)  # type: ignore[arg-type]

    async def send(self, *chunks: bytes) -> None:
        for chunk in chunks:
            for _ in range(40):  # a paused transport delivers nothing
                if self.transport.reading:
                    break
                await self.settle()
            if self.transport.closed:
                return
            self.protocol.data_received(chunk)
            await self.settle()

    async def settle(self) -> None:
        """Let every request that can end do so."""
        for _ in range(30):
            if not self.state.tasks:
                return
            await asyncio.sleep(0)

    def end(self) -> None:
        """The client is gone."""
        self.protocol.connection_lost(None)

    async def over(self) -> None:
        self.end()
        for task in list(self.state.tasks):
            task.cancel()
        if self.state.tasks:
            await asyncio.wait(self.state.tasks)
            await asyncio.sleep(0)


def _nothing(data: bytes) -> bytes:
    return b""


def read(written: bytes | bytearray) -> list[Answer]:
    """Return the answers in `written`. One to HEAD has a length and no body: it is found by what follows."""
    found: list[Answer] = []
    rest = bytes(written)
    while rest:
        head, blank, rest = rest.partition(b"\r\n\r\n")
        if not blank:
            found.append(Answer())
            break
        lines = head.split(b"\r\n")
        answer = Answer(int(lines[0].split(b" ")[1]))
        answer.headers = [tuple(line.split(b": ", 1)) for line in lines[1:]]  # type: ignore[misc]
        named = dict(answer.headers)
        answer.complete = True
        size = int(named.get(b"content-length", b"0"))
        if size and rest and not rest.startswith(b"HTTP/1.1 "):
            answer.body, rest = rest[:size], rest[size:]
            answer.complete = len(answer.body) == size
        found.append(answer)
    return found


def early(door: Door) -> int:
    """Return how many were refused before their head was looked at."""
    return sum(sum(counts.values()) for counts in door.early.values())
