"""Answers that come before the body of their request: they arrive, and little of the rest is read."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.serve.protocol.test_patience import limits, until_closed
from tests.serve.protocol.wire import Peer, read
from tests.serve.running import Service, get, until

CHUNKED = b"POST %b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n%b\r\n"
KNOWN = b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: 40000000000\r\n%b\r\n"
PIECE = b"z" * 65536
MOST = 64 << 20
"""Of what is sent: the bound itself is 1 MiB, and the kernels of both sides hold some more."""


async def hasty(scope: Any, receive: Any, send: Any) -> None:
    """Answer before anything was read; with `/close` as the last on the connection."""
    headers = [(b"content-length", b"2")]
    if scope["path"] == "/close":
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"no"})


def statuses(peer: Peer) -> list[int]:
    return [answer.status for answer in read(peer.transport.written)]


@pytest.mark.anyio
@pytest.mark.parametrize("path", [b"/", b"/close"])
@pytest.mark.parametrize("head", [CHUNKED, KNOWN])
async def test_so_many_bytes_are_read_behind_an_answer(head: bytes, path: bytes) -> None:
    peer = Peer(ours=True, least=0, limits=limits(), app=hasty)
    await peer.send(head % (path, b""))
    assert statuses(peer) == [413]
    assert not peer.transport.closed
    piece = b"10000\r\n" + PIECE + b"\r\n" if head is CHUNKED else PIECE
    sent = 0
    while not peer.transport.closed:
        await peer.send(piece)
        sent += 1
    assert sent == 17  # the first that is more than 1 MiB
    await peer.over()


@pytest.mark.anyio
@pytest.mark.parametrize("path", [b"/", b"/close"])
async def test_a_body_that_stops_behind_an_answer_is_waited_for_a_second(path: bytes) -> None:
    peer = Peer(ours=True, least=0, limits=limits(), app=hasty)
    await peer.send(CHUNKED % (path, b""), b"5\r\nhello\r\n")
    assert not peer.transport.closed
    assert await until_closed(peer) == [413]
    await peer.over()


@pytest.mark.anyio
async def test_a_connection_goes_on_behind_a_body_that_ends() -> None:
    peer = Peer(ours=True, least=0, limits=limits(), app=hasty)
    await peer.send(CHUNKED % (b"/", b""), b"5\r\nhello\r\n", b"0\r\n\r\n")
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n", b"z" * 60000, b"z" * 40000)
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", b"hel", b"loGET / HTTP/1.1\r\n\r\n")
    assert statuses(peer) == [413] * 4
    assert not peer.transport.closed
    await peer.over()


@pytest.mark.anyio
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_the_last_answer_waits_for_the_end_of_its_body_and_no_longer(version: bytes) -> None:
    peer = Peer(ours=True, least=0, limits=limits(), app=hasty)
    await peer.send(b"POST / HTTP/%b\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhe" % version)
    assert statuses(peer) == [413]
    assert not peer.transport.closed
    await peer.send(b"llo")
    assert peer.transport.closed
    await peer.over()


@pytest.mark.anyio
async def test_a_small_rest_has_the_time_of_any_body() -> None:
    peer = Peer(ours=True, least=0, limits=limits(), app=hasty)
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe")
    assert peer.protocol.unwanted  # type: ignore[attr-defined]
    assert not peer.protocol.lingering  # type: ignore[attr-defined]
    peer.protocol.shutdown()  # until the server wants to end
    assert peer.protocol.lingering  # type: ignore[attr-defined]
    assert await until_closed(peer) == [413]
    await peer.over()


@pytest.mark.anyio
async def test_half_an_answer_is_cut_off_at_once() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})

    peer = Peer(ours=True, least=0, limits=limits(), app=broken)
    await peer.send(CHUNKED % (b"/", b""))
    assert peer.transport.closed
    await peer.over()


APP = """
import asyncio
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from holdfast import Holdfast

app = FastAPI()
Holdfast(app)

@app.get("/hold")
async def hold() -> None:
    await asyncio.sleep(1000)

@app.post("/ignore")
async def ignore() -> None: ...

@app.post("/large")
async def large() -> JSONResponse:
    return JSONResponse({}, 413)

@app.post("/last")
async def last() -> JSONResponse:
    return JSONResponse({}, 413, headers={"connection": "close"})
"""

BUDGET = """
[service]
name = "shop"
workers = 1
[objective]
p99 = "300ms"
[admission]
limit = 1
queue = 0
[deadline]
default = "2000s"
[drain]
grace = "2063s"
"""


@pytest.fixture
def service(start: Callable[..., Service]) -> Service:
    return start(APP, budget=BUDGET).serving()


def upload(address: str, head: bytes, pieces: Iterator[bytes]) -> tuple[int, bytes]:
    """Send until the other side has had enough; return how much that was, and what it said."""
    host, _, port = address.rpartition(":")
    sent = 0
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head)
        said = connection.recv(65536)  # nothing of the body has been sent yet
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
                sent += len(piece)
        with suppress(ConnectionError):
            while more := connection.recv(65536):
                said += more
    return sent, said


def endless(piece: bytes) -> Iterator[bytes]:
    for _ in range(2 * MOST // len(piece)):
        yield piece


WAYS = [
    (b"/ignore", b"", b"200"),
    (b"/large", b"", b"413"),
    (b"/last", b"", b"413"),
    (b"/large", b"Connection: close\r\n", b"413"),
    (b"/nowhere", b"", b"404"),
]


def check(address: str, path: bytes, more: bytes, status: bytes) -> None:
    for head, piece in ((CHUNKED, b"10000\r\n" + PIECE + b"\r\n"), (KNOWN, PIECE)):
        sent, said = upload(address, head % (path, more), endless(piece))
        assert said.startswith(b"HTTP/1.1 " + status), (path, more, said)
        assert sent < MOST, (path, more, sent)


def test_an_endless_body_behind_an_answer_is_ended(service: Service) -> None:
    for way in WAYS:
        check(service.address, *way)
    host, _, port = service.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as holder:
        holder.sendall(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
        until(lambda: service.state()["workers"][0]["in_flight"] == 1, "the place to be taken")
        check(service.address, b"/large", b"", b"503")
    assert get(service.admin, "/readyz").status == 200


def test_no_reset_eats_the_answer_of_an_app_that_closes(service: Service) -> None:
    """Clients that look for the answer only when they have sent all, as most do."""
    body = b"a0000\r\n" + b"z" * 0xA0000 + b"\r\n0\r\n\r\n"
    host, _, port = service.address.rpartition(":")
    for _ in range(5):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(CHUNKED % (b"/last", b"") + body)
            answer = b""
            while more := connection.recv(65536):
                answer += more
        assert answer.startswith(b"HTTP/1.1 413")
        assert answer.endswith(b"{}")
