"""Stalls of FastAPI services that know nothing of holdfast, on a real Uvicorn."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from sqlalchemy.util import greenlet_spawn

from holdfast.events import StallSeen
from holdfast.loop.watch import StallWatch
from holdfast.telemetry.board import Board

HERE = Path(__file__)
router = APIRouter(prefix="/orders")


def charge() -> None:
    time.sleep(0.3)  # charge


@router.post("/{order_id}/pay")
async def pay(order_id: int) -> dict[str, int]:
    charge()
    return {"paid": order_id}


@router.get("/report")
async def report() -> dict[str, int]:
    end = time.thread_time() + 0.3
    total = 0
    while time.thread_time() < end:
        total += sum(range(1000))
    return {"total": total}


@router.get("/slow")
async def slow() -> dict[str, bool]:
    time.sleep(0.3)  # noqa: ASYNC251 # slow
    return {"slow": True}


@router.get("/driver")
async def driver() -> dict[str, bool]:
    # As SQLAlchemy's asyncio runs a database driver: library code in a greenlet, which holds the loop.
    await greenlet_spawn(subprocess.run, ["sleep", "0.3"], check=True)
    return {"slow": True}


@router.get("/in-a-thread")
def in_a_thread() -> dict[str, bool]:
    time.sleep(0.3)
    return {"slow": True}


def service() -> FastAPI:
    app = FastAPI()
    app.include_router(router, prefix="/api")
    return app


class Running:
    """A Uvicorn on a thread, its loop watched by whoever runs it."""

    def __init__(self, loop_factory: object) -> None:
        self.seen: list[StallSeen] = []
        self.in_flight = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._server = uvicorn.Server(uvicorn.Config(service(), log_level="warning"))
        self._thread = threading.Thread(target=self._run, args=(loop_factory,))
        self._thread.start()

    def _run(self, loop_factory: object) -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:  # type: ignore[arg-type]
            runner.run(self._serve())

    async def _serve(self) -> None:
        watch = StallWatch(self.seen.append, threshold=0.05, in_flight=lambda: self.in_flight)
        watch.start()
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            watch.stop()

    def request(self, method: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path)
            return connection.getresponse().status
        finally:
            connection.close()

    def stop(self) -> list[StallSeen]:
        """End the server; return the stalls within this file."""
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()
        assert not self._thread.is_alive()
        return [stall for stall in self.seen if Path(stall.file).name == HERE.name]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    server = Running(request.param)
    yield server
    server.stop()


def line(mark: str) -> int:
    lines = HERE.read_text().splitlines()
    return next(i for i, text in enumerate(lines, 1) if text.endswith(f"# {mark}"))


def test_a_sleep_in_a_route_is_named(server: Running) -> None:
    assert server.request("GET", "/api/orders/slow") == 200
    (stall,) = server.stop()
    assert stall.file == str(HERE.relative_to(Path.cwd()))
    assert (stall.line, stall.function, stall.route) == (line("slow"), "slow", "GET /api/orders/slow")


def test_a_helper_is_named_and_the_route_is_its_callers(server: Running) -> None:
    assert server.request("POST", "/api/orders/17/pay") == 200
    (stall,) = server.stop()
    assert (stall.line, stall.function) == (line("charge"), "charge")
    assert stall.route == "POST /api/orders/{order_id}/pay"


def test_a_computation_is_named(server: Running) -> None:
    assert server.request("GET", "/api/orders/report") == 200
    stalls = server.stop()
    assert {(s.function, s.route) for s in stalls} == {("report", "GET /api/orders/report")}


def test_a_driver_in_a_greenlet_is_told_with_the_handler_that_called_it(server: Running) -> None:
    assert server.request("GET", "/api/orders/driver") == 200
    (stall,) = server.stop()
    assert (stall.line, stall.function) == (driver.__code__.co_firstlineno, "driver")
    assert stall.route == "GET /api/orders/driver"
    assert stall.sink.startswith("subprocess.py:")


def test_a_route_in_a_thread_does_not_hold_the_loop(server: Running) -> None:
    assert server.request("GET", "/api/orders/in-a-thread") == 200
    assert server.stop() == []


def test_the_request_that_holds_the_loop_is_not_its_own_victim(server: Running) -> None:
    server.in_flight = 5
    assert server.request("GET", "/api/orders/slow") == 200
    (stall,) = server.stop()
    assert stall.victims == 4


def test_each_of_several_requests_is_named(server: Running) -> None:
    with ThreadPoolExecutor(3) as pool:
        statuses = list(pool.map(lambda _: server.request("GET", "/api/orders/slow"), range(3)))
    assert statuses == [200] * 3
    stalls = server.stop()
    assert {s.line for s in stalls} == {line("slow")}
    assert sum(s.duration for s in stalls) > 0.75


WORKER = """
import asyncio, time
from holdfast.loop.watch import StallWatch
from holdfast.telemetry import process

async def main():
    slot = process.slot()
    slot.state = "serving"
    StallWatch(process.bus().emit, threshold=0.05, on_beat=slot.beat).start()
    await asyncio.sleep(0.1)
    time.sleep(600)  # the line

asyncio.run(main())
"""


def test_a_worker_that_is_killed_while_it_stalls_has_named_its_line(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "board", 1)
    (tmp_path / "worker.py").write_text(WORKER)
    environ = os.environ | {"HOLDFAST_BOARD": str(tmp_path / "board")}
    worker = subprocess.Popen([sys.executable, "worker.py"], cwd=tmp_path, env=environ)
    try:
        slot = board.slots()[0]
        give_up = time.monotonic() + 60
        while not slot.stalls.sequence and worker.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait()
    (stall, *_), _ = slot.stalls.read(0)
    expected = next(i for i, text in enumerate(WORKER.splitlines(), 1) if text.endswith("# the line"))
    assert (stall.file, stall.line, stall.function) == ("worker.py", expected, "main")
    assert stall.at + stall.duration > slot.heartbeat
    assert not slot.alive
