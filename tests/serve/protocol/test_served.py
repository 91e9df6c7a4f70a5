"""Early refusals over real sockets, by workers of `holdfast serve`."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.serve.running import Answer, Service, get, until

APP = """
import asyncio
from fastapi import FastAPI, Request
from holdfast import Holdfast

app = FastAPI()
Holdfast(app)

@app.get("/hold")
async def hold() -> None:
    await asyncio.sleep(1000)

@app.get("/")
async def root() -> None: ...

@app.post("/")
async def post(request: Request) -> int:
    return len(await request.body())
"""

BUDGET = """
[service]
name = "shop"
workers = 1
[objective]
p99 = "300ms"
[admission]
limit = {limit}
queue = 0
[deadline]
default = "2000s"
[drain]
announce = "0s"
grace = "2063s"
[connection]
header_timeout = "1s"
"""

Start = Callable[..., Service]


class Raw:
    """A kept-alive connection, answers taken apart by hand."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.rest = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, head_only: bool = False) -> Answer:
        while b"\r\n\r\n" not in self.rest:
            more = self.socket.recv(65536)
            assert more, "the connection ended without an answer"
            self.rest += more
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        size = 0 if head_only else int(headers["content-length"])
        while len(self.rest) < size:
            more = self.socket.recv(65536)
            assert more, "the connection ended within an answer"
            self.rest += more
        body, self.rest = self.rest[:size], self.rest[size:]
        return Answer(int(lines[0].split(" ")[1]), headers, body)

    def ended(self) -> bool:
        """Whether the server closes, in order: a reset raises."""
        return self.socket.recv(1) == b""


@contextmanager
def connected(address: str) -> Iterator[Raw]:
    raw = Raw(address)
    try:
        yield raw
    finally:
        raw.socket.close()


def metric(service: Service, name: str, **labels: str) -> float:
    text = get(service.admin, "/metrics").body.decode()
    total = 0.0
    for found in re.finditer(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE):
        said = dict(re.findall(r'(\w+)="([^"]*)"', found[1] or ""))
        if labels.items() <= said.items():
            total += float(found[2])
    return total


@pytest.fixture
def full(start: Start) -> Iterator[Service]:
    """Return a service whose only place is taken."""
    service = start(APP, budget=BUDGET.format(limit=1)).serving()
    with connected(service.address) as holder:
        holder.send(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
        until(lambda: service.state()["workers"][0]["in_flight"] == 1, "the place to be taken")
        yield service


def test_a_full_service_refuses_early_and_keeps_the_connection(full: Service) -> None:
    with connected(full.address) as raw:
        retry_after = set()
        for _ in range(30):
            raw.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = raw.answer()
            assert answer.status == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["holdfast-outcome"] == "shed"
            assert "date" in answer.headers
            assert "connection" not in answer.headers
            assert answer.json()["type"] == "urn:holdfast:shed"
            retry_after.add(answer.headers["retry-after"])
        assert len(retry_after) > 1, "everybody would come back in the same second"
        raw.send(b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert raw.answer(head_only=True).headers["content-length"] != "0"
        # A body, one in pieces, and three at once in their order: the other stage.
        raw.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
        assert raw.answer().status == 503
        raw.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
        assert raw.answer().status == 503
        raw.send(b"lloGET /livez HTTP/1.1\r\nHost: h\r\n\r\n" + b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
        assert [raw.answer().status for _ in range(3)] == [200, 503, 503]
        raw.send(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n")
        assert raw.answer().status == 200
        until(lambda: metric(full, "holdfast_connections") == 2, "both connections to be counted")
        until(lambda: metric(full, "holdfast_refused_total") == 35, "the counts")
        # Behind a request that is served, the door of the app refuses in its turn.
        assert metric(full, "holdfast_refused_total", stage="headers") == 2
        assert metric(full, "holdfast_refused_total", stage="asgi") == 2
        assert metric(full, "holdfast_refused_total", stage="parser", reason="full") == 31
        assert metric(full, "holdfast_accept_backlog_limit") >= 128
        assert metric(full, "holdfast_accept_backlog") >= 0


def test_the_last_answer_on_a_connection_says_so(full: Service) -> None:
    for request in (
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    ):
        with connected(full.address) as raw:
            raw.send(request)
            answer = raw.answer()
            assert answer.status == 503
            assert answer.headers["connection"] == "close"
            assert raw.ended()


def test_no_reset_eats_the_refusal_of_an_upload(full: Service) -> None:
    body = b"x" * (900 << 10)

    async def upload() -> bytes:
        host, _, port = full.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        try:
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()

    async def all_of_them() -> list[bytes]:
        return await asyncio.gather(*(upload() for _ in range(20)))

    for answer in asyncio.run(all_of_them()):
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b"}")


def test_a_worker_that_refuses_still_ends_in_order(start: Start) -> None:
    service = start(
        APP, budget=BUDGET.format(limit=1).replace('announce = "0s"', 'announce = "60s"')
    ).serving()
    with connected(service.address) as holder, connected(service.address) as raw:
        holder.send(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
        until(lambda: service.state()["workers"][0]["in_flight"] == 1, "the place to be taken")
        raw.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert raw.answer().status == 503
        service.signal(signal.SIGTERM)
        until(lambda: service.state()["workers"][0]["state"] == "draining", "the announcement")
        raw.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = raw.answer()
        assert answer.status == 503
        assert answer.headers["connection"] == "close"
        assert raw.ended()


def test_slow_and_silent_clients_are_let_go_and_cost_nobody(start: Start) -> None:
    service = start(APP, budget=BUDGET.format(limit=8)).serving()
    number = int(os.environ.get("HOLDFAST_SLOW_CLIENTS", "400"))

    async def crowd() -> list[bytes]:
        host, _, port = service.address.rpartition(":")
        streams = []
        for index in range(number):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write((b"", b"G", b"GET / HTTP/1.1\r\nX: ", b"\r\n")[index % 4])
            streams.append((reader, writer))
        served = await asyncio.to_thread(lambda: [get(service.address, "/").status for _ in range(50)])
        assert served == [200] * 50
        read = [asyncio.wait_for(reader.read(), 30) for reader, _ in streams]
        answers = await asyncio.gather(*read)
        for _, writer in streams:
            writer.close()
        return answers

    answers = asyncio.run(crowd())
    assert {answer[:12] for answer in answers} == {b"", b"HTTP/1.1 408"}
    assert sum(answer.startswith(b"HTTP/1.1 408") for answer in answers) == number // 2
    until(lambda: metric(service, "holdfast_connections") == 0, "the connections to be gone")
