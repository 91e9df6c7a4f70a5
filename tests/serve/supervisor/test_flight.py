"""Flight records of real worker processes that die: on a board, without the rest of the supervisor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.serve.supervisor.flight import KEPT, FlightBook
from holdfast.telemetry.board import Board
from holdfast.telemetry.flight import read

WORKER = """
import asyncio, hashlib, sys, time
from fastapi import FastAPI
from holdfast import Holdfast
from holdfast.loop.watch import StallWatch
from holdfast.telemetry import process

app = FastAPI()

@app.get("/orders/{order_id}")
async def order(order_id: int) -> dict[str, int]:
    return {"id": order_id}

@app.get("/wait/{order_id}")
async def wait(order_id: int) -> None:
    await asyncio.sleep(60)

@app.get("/block/{order_id}")
async def block(order_id: int) -> None:
    time.sleep(60)  # the line

@app.get("/gil/{order_id}")
async def gil(order_id: int) -> None:
    7 ** (10 ** 8)  # holds the GIL

Holdfast(app)

def scope(path: str, request_id: bytes) -> dict:
    return {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"secret=1",
            "root_path": "", "headers": [(b"x-request-id", request_id)], "client": ("127.0.0.1", 1),
            "server": ("s", 80), "state": {}}

async def receive():
    await asyncio.sleep(60)

async def send(message):
    pass

async def main(last):
    slot = process.slot()
    watch = StallWatch(process.bus().emit, threshold=0.05, interim=0.3, on_beat=process.beat)
    watch.start()
    slot.state = "serving"
    loop = asyncio.get_running_loop()
    await app(scope("/orders/1", b"done-1"), receive, send)
    waiting = loop.create_task(app(scope("/wait/2", b"waits-2"), receive, send))
    await asyncio.sleep(0.2)
    print("ready", flush=True)
    if last == "release":
        slot.release()
        return
    await app(scope(f"/{last}/3", b"last-3"), receive, send)

asyncio.run(main(sys.argv[1]))
"""

BUDGET = """
[service]
name = "flown"
[loop]
dump = true
"""


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.board = Board.create(folder / "board", 2)
        self.records = folder / "records"
        self.book = FlightBook(self.board, "flown:app", self.stalled, folder=self.records)
        (folder / "worker.py").write_text(WORKER)
        (folder / "holdfast.toml").write_text(BUDGET)
        self.worker: subprocess.Popen[bytes] | None = None

    def stalled(self, pid: int, heartbeat: float) -> object:
        slot = next(slot for slot in self.board.slots() if slot.pid == pid)
        stalls, _ = slot.stalls.read(0)
        return stalls[-1] if stalls else None

    def start(self, last: str) -> int:
        environ = os.environ | {"HOLDFAST_BOARD": str(self.board.path)}
        self.worker = subprocess.Popen(
            [sys.executable, "worker.py", last], cwd=self.folder, env=environ, stdout=subprocess.PIPE
        )
        assert self.worker.stdout is not None
        assert self.worker.stdout.readline() == b"ready\n"
        self.book.update()
        return self.worker.pid

    def kill(self) -> None:
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()
        self.book.update()

    def close(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
            assert self.worker.stdout is not None
            self.worker.stdout.close()
        self.board.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_a_worker_that_is_killed_leaves_its_requests(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    pid = bench.start("block")
    slot = bench.board.slots()[0]
    until(lambda: any(s.request_id == "last-3" for s in slot.stalls.read(0)[0]), "the stall to be told")
    bench.book.expect(pid, "its loop stood still for 0.3 s")
    bench.kill()
    (path,) = bench.book.records
    assert path.parent == bench.records
    assert path.stat().st_mode & 0o777 == 0o600
    found = read(path)
    assert (found["schema"], found["version"], found["app"]) == ("holdfast.flight", 1, "flown:app")
    assert found["worker"]["pid"] == pid
    assert found["reason"] == "its loop stood still for 0.3 s"
    requests = {request["request_id"]: request for request in found["requests"]}
    assert set(requests) == {"done-1", "waits-2", "last-3"}
    done, waits, last = requests["done-1"], requests["waits-2"], requests["last-3"]
    assert (done["phase"], done["status"], done["route"]) == ("ended", 200, "/orders/{order_id}")
    assert (waits["phase"], waits["status"], waits["route"]) == ("routed", None, "/wait/{order_id}")
    assert (last["method"], last["path"], last["route"]) == ("GET", "/block/3", "/block/{order_id}")
    assert last["ended_at"] is None
    assert last["began_at"] >= done["ended_at"] >= done["began_at"]
    assert "secret" not in path.read_text()
    line = next(i for i, text in enumerate(WORKER.splitlines(), 1) if text.endswith("# the line"))
    assert (found["stall"]["file"], found["stall"]["line"]) == ("worker.py", line)
    assert found["stall"]["request_id"] == "last-3"
    assert found["stack"][0] == f"worker.py:{line} block"
    said = capfd.readouterr().err
    assert str(path) in said
    assert f"worker.py:{line} block" in said


def test_a_stack_is_known_though_c_code_holds_the_gil(bench: Bench) -> None:
    pid = bench.start("gil")
    dump = bench.folder / f"dump-{pid}"
    until(lambda: b"worker.py" in dump.read_bytes(), "the dump")
    bench.kill()
    found = read(bench.book.records[0])
    line = next(i for i, text in enumerate(WORKER.splitlines(), 1) if text.endswith("# holds the GIL"))
    assert found["stack"][0].endswith(f"worker.py:{line} gil")
    assert not dump.exists()
    assert next(r for r in found["requests"] if r["request_id"] == "last-3")["ended_at"] is None


def test_who_gives_its_slot_back_leaves_no_record(bench: Bench) -> None:
    bench.start("release")
    assert bench.worker is not None
    bench.worker.wait(20)
    bench.book.update()
    bench.book.update()
    assert bench.book.records == []
    assert not bench.records.exists()


def test_only_so_many_are_kept(bench: Bench) -> None:
    bench.records.mkdir()
    for number in range(KEPT + 5):
        (bench.records / f"flight-2000-01-01T00000{number:02}-1.json").write_text("{}")
    (bench.records / "somebody-elses.json").write_text("{}")
    bench.start("wait")
    bench.kill()
    left = sorted(bench.records.iterdir())
    assert len(left) == KEPT + 1
    assert bench.book.records[0] in left
    assert json.loads(bench.book.records[0].read_text())["reason"].startswith("it ended by itself")


def test_a_folder_that_cannot_be_written_is_said_once(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.records.write_text("no folder")
    bench.start("wait")
    bench.kill()
    assert bench.book.records == []
    assert capfd.readouterr().err.count("cannot write flight records") == 1


def test_a_worker_whose_process_is_stopped_is_not_dead(bench: Bench) -> None:
    pid = bench.start("wait")
    os.kill(pid, signal.SIGSTOP)
    bench.book.update()
    os.kill(pid, signal.SIGCONT)
    assert bench.book.records == []
