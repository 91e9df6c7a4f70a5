"""A held app behind a real server: what raw clients see of refusals, deadlines, probes and the drain."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.serve.running import Service, until

APP = """
import asyncio
from pathlib import Path
from fastapi import FastAPI, Request
from holdfast import Holdfast, request_id

app = FastAPI()
hold = Holdfast(app)

@app.get("/")
async def root() -> dict[str, str]:
    return {"id": request_id()}

@app.post("/upload")
async def upload(request: Request) -> dict[str, int]:
    return {"bytes": len(await request.body())}

@app.get("/occupy/{name}")
async def occupy(name: str) -> dict[str, str]:
    Path(f"{name}.here").touch()
    while not Path(f"{name}.leave").exists():
        await asyncio.sleep(0.01)
    return {"left": name}
"""

BUDGET = """
[service]
workers = 1
[objective]
p99 = "1s"
[admission]
limit = 1
queue = 0
wait = "1ms"
[deadline]
default = "25s"
cap = "25s"
[drain]
announce = "1s"
grace = "30s"
"""

CLIENTS = 20
BODY = b"x" * (4 << 20)


@dataclass(frozen=True)
class Answer:
    """A whole answer, its length as it said; headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"] == "application/problem+json"
        problem: dict[str, object] = json.loads(self.body)
        return problem


class Client:
    """A socket that speaks HTTP/1.1 and hides nothing."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, path: str = "/", **headers: str) -> Answer:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([f"GET {path} HTTP/1.1", "host: x", *lines, "", ""]).encode())
        return self.answer()

    def answer(self) -> Answer:
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *fields = head.decode("ascii").split("\r\n")
        headers = {}
        for each in fields:
            name, _, value = each.partition(":")
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value.strip()
        length = int(headers["content-length"])
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return Answer(int(first.split()[1]), headers, body)

    def ended(self) -> bool:
        """Whether the server closes its side, which it does in order: no reset."""
        return not self._read and self._socket.recv(1) == b""

    def _more(self) -> None:
        data = self._socket.recv(1 << 16)
        assert data, "the connection ended within an answer"
        self._read += data


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder) as running:
        yield running


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    (folder / "app.py").write_text(APP)
    (folder / "holdfast.toml").write_text(BUDGET)
    running = Service(folder, "app:app", output=folder)
    try:
        yield running.serving()
    finally:
        running.destroy()


@contextmanager
def full(service: Service, name: str) -> Iterator[Client]:
    """The only place is taken inside the block; the client that has it gets its answer then."""
    folder = service.errors.parent
    with Client(service.address) as client:
        client.send(f"GET /occupy/{name} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        until((folder / f"{name}.here").exists, "the place to be taken")
        try:
            yield client
        finally:
            (folder / f"{name}.leave").touch()
        assert client.answer().status == 200


def refused_upload(address: str) -> Answer:
    """Send 4 MB whatever comes, as simple clients do, and only then read."""
    with Client(address) as client:
        head = f"POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n\r\n"
        with suppress(BrokenPipeError, ConnectionResetError):  # the server need not take everything
            client.send(head.encode() + BODY)
        answer = client.answer()
        assert answer.headers["connection"] == "close"
        return answer


def test_the_refusal_of_an_upload_reaches_every_client(service: Service) -> None:
    with full(service, "upload"), ThreadPoolExecutor(CLIENTS) as threads:
        answers = list(threads.map(refused_upload, [service.address] * CLIENTS))
    for answer in answers:
        assert answer.status == 503
        assert answer.headers["holdfast-outcome"] == "shed"
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.problem["type"] == "urn:holdfast:shed"
        assert answer.problem["status"] == 503
    assert len({answer.headers["retry-after"] for answer in answers}) > 1, "they do not all come back at once"


def test_the_refusal_of_a_chunked_upload_reaches_its_client(service: Service) -> None:
    with full(service, "chunked"), Client(service.address) as client:
        client.send(b"POST /upload HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n")
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (503, "close")
        assert client.ended()


def test_a_refusal_without_a_body_keeps_the_connection(service: Service) -> None:
    with Client(service.address) as client:
        with full(service, "kept"):
            refused = [client.ask() for _ in range(5)]
        assert [answer.status for answer in refused] == [503] * 5
        assert all(answer.headers.get("connection", "keep-alive") != "close" for answer in refused)
        assert all("x-request-id" not in answer.headers for answer in refused), "no work was done for it"
        until(lambda: client.ask().status == 200, "the same connection to be served again")


def test_probes_are_answered_however_full_it_is(service: Service) -> None:
    with full(service, "probed"), Client(service.address) as client:
        for path in ("/livez", "/readyz", "/startupz"):
            assert client.ask(path).status == 200
        assert client.ask().status == 503


def test_a_place_that_was_left_is_free_again(service: Service) -> None:
    for number in range(3):
        with full(service, f"left{number}"):
            pass
    with Client(service.address) as client:
        until(lambda: client.ask().status == 200, "a free place")


def test_the_request_id_is_the_callers_or_a_new_one(service: Service) -> None:
    with Client(service.address) as client:
        mine = client.ask(x_request_id="mine-1")
        assert (mine.headers["x-request-id"], json.loads(mine.body)) == ("mine-1", {"id": "mine-1"})
        new = [client.ask().headers["x-request-id"] for _ in range(3)]
        assert len(set(new)) == 3
        insane = client.ask(x_request_id="a b\tc").headers["x-request-id"]
        assert insane not in ("a b\tc", *new)
        missing = client.ask("/none", x_request_id="mine-2")
        assert (missing.status, missing.headers["x-request-id"]) == (404, "mine-2")


def test_what_is_late_is_answered_504_and_gives_its_place_back(service: Service) -> None:
    with Client(service.address) as client:
        late = client.ask("/occupy/late", x_request_timeout="0.2", x_request_id="late-1")
        assert late.status == 504
        assert late.headers["holdfast-outcome"] == "deadline"
        assert late.headers["x-request-id"] == "late-1"
        assert late.problem["request_id"] == "late-1"
        assert late.problem["type"] == "urn:holdfast:deadline"
        assert client.ask().status == 200, "on the same connection"


def test_refusals_are_counted_once_each_on_the_admin_port(service: Service) -> None:
    with full(service, "counted"), Client(service.address) as client:
        before = settled(service)
        for _ in range(4):
            assert client.ask().status == 503
    until(lambda: refusals(service) == before + 4, "the next beat to count them")
    assert settled(service) == before + 4, "and no more"


def refusals(service: Service) -> int:
    """Return all that were refused, for whatever reason: a loop that is late refuses too."""
    counted: int = sum(service.state()["refused"].values())
    return counted


def settled(service: Service) -> int:
    """Return `refusals` two beats of the worker from now: what was refused by now is counted then."""
    for _ in range(2):
        now = time.monotonic()
        until(lambda now=now: beat_at(service) > now, "a beat")  # type: ignore[misc]
    return refusals(service)


def beat_at(service: Service) -> float:
    """Return the time of the worker's last beat, or a little less, by the clock that all processes share."""
    asked = time.monotonic()
    age: float = service.state()["workers"][0]["heartbeat_age"]
    return asked - age


def test_a_drain_serves_what_is_inside_and_takes_nothing_new(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        address = service.address
        with Client(address) as probe, Client(address) as inside:
            assert probe.ask("/readyz").status == 200
            inside.send(b"GET /occupy/drain HTTP/1.1\r\nhost: x\r\n\r\n")
            until((tmp_path / "drain.here").exists, "the request to be inside")
            service.signal(signal.SIGTERM)
            until(lambda: refuses(address), "the port to be closed")
            assert service.process.poll() is None, "it waits for what is inside"
            (tmp_path / "drain.leave").touch()
            answer = inside.answer()
            assert (answer.status, json.loads(answer.body)) == (200, {"left": "drain"})
        assert service.wait() == 0
        assert not service.left()


def refuses(address: str) -> bool:
    try:
        Client(address).__exit__()
    except OSError:
        return True
    return False
