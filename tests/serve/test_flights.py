"""Flight records under the whole supervisor, whichever server runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from holdfast.telemetry.flight import read
from tests.serve.running import SERVERS, Service, get, until

Start = Callable[..., Service]

APP = """
import os, time
from fastapi import FastAPI
from holdfast import Holdfast

app = FastAPI()

@app.get("/block/{item}")
async def block(item: int) -> None:
    time.sleep(60)  # blocks

@app.get("/gil/{item}")
async def gil(item: int) -> None:
    7 ** (10 ** 8)  # holds the GIL

@app.get("/die/{item}")
async def die(item: int) -> None:
    os._exit(9)

Holdfast(app)
"""

BUDGET = """
[service]
name = "flown"
[loop]
kill = "2s"
dump = true
"""


def line(mark: str) -> int:
    return next(i for i, text in enumerate(APP.splitlines(), 1) if text.endswith(f"# {mark}"))


def ask(address: str, path: str) -> None:
    with suppress(Exception):
        get(address, path, 20)


def test_a_worker_that_dies_leaves_its_last_requests(start: Start, tmp_path: Path) -> None:
    """Under every server, all at once: each takes two seconds to kill what stands still."""
    services: dict[str, Service] = {}
    for server in SERVERS:
        (tmp_path / server).mkdir()
        environ = {"HOLDFAST_FLIGHTS": str(tmp_path / server / "records")}
        services[server] = start(
            APP, "--workers", "1", server=server, budget=BUDGET, environ=environ, output=tmp_path / server
        )
    for number, path in enumerate(("/block/1", "/gil/2", "/die/3")):
        with ThreadPoolExecutor(len(SERVERS)) as threads:
            for service in services.values():
                until(service.serving().workers, "a worker")
                threads.submit(ask, service.address, path)
        for server, service in services.items():
            flights = lambda of=service: of.state()["flights"]  # noqa: E731
            until(lambda: len(flights()) > number, f"the record of {path} under {server}", 30)  # noqa: B023
            found = read(flights()[number])
            flying = [request["path"] for request in found["requests"] if request["ended_at"] is None]
            assert flying == [path], server
            if path == "/block/1":
                assert found["stack"][0] == f"app.py:{line('blocks')} block", server
                assert "stood still" in found["reason"], server
            elif path == "/gil/2":
                assert found["stack"][0].endswith(f"app.py:{line('holds the GIL')} gil"), server
    for server, service in services.items():
        assert str(tmp_path / server / "records") in service.stderr
        assert f"app.py:{line('blocks')} block" in service.stderr
