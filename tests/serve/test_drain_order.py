"""A drain in the order of its table: a service with something of everything open is walked through it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from holdfast.service.drain.steps import STEPS, table
from tests.serve.running import SERVERS, Service, get, until

Start = Callable[..., Service]

HELD = """
import asyncio, os
from contextlib import asynccontextmanager
from pathlib import Path
from fastapi import FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse
from holdfast import Holdfast

def note(what):
    with Path("order.txt").open("a") as file:
        file.write(what + "\\n")

async def beside():
    await hold.draining.wait()
    await asyncio.sleep(0.2)
    note("background")

@asynccontextmanager
async def lifespan(app):
    hold.background(beside())
    yield
    note("close")

app = FastAPI(lifespan=lifespan)
hold = Holdfast(app)
opened = []

@hold.on_drain
def told():
    note("streams")

@app.get("/")
async def root() -> dict[str, int]:
    return {"opened": len(opened)}

@app.get("/slow")
async def slow():
    opened.append("slow")
    while not Path("finish").exists():
        await asyncio.sleep(0.01)
    note("finish")
    return JSONResponse({}, background=BackgroundTask(note, "finish too"))

@app.get("/events")
async def events():
    async def chunks():
        opened.append("events")
        yield "data: first\\n\\n"
        await hold.draining.wait()
        yield "data: last\\n\\n"
    return StreamingResponse(chunks(), media_type="text/event-stream")

@app.get("/feed")
async def feed():
    async def chunks():
        opened.append("feed")
        yield "first\\n"
        await hold.draining.wait()
        yield "last\\n"
    return StreamingResponse(chunks())

@app.websocket("/ws")
async def ws(websocket: WebSocket) -> None:
    await websocket.accept()
    opened.append("ws")
    await websocket.send_text("hello")
    async for _ in websocket.iter_text():
        pass
"""

ANNOUNCED = 0.5

BUDGET = f"""
    [drain]
    announce = "{ANNOUNCED}s"
    grace = "10s"
"""


def streamed(address: str, path: str) -> str:
    host, _, port = address.rpartition(":")
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=20)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.read().decode()  # raises where the answer breaks off


def websocket(address: str) -> int:
    with connect(f"ws://{address}/ws") as socket_:
        assert socket_.recv(timeout=10) == "hello"
        try:
            socket_.recv(timeout=20)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else 0
    return -1


def noted(folder: Path) -> list[str]:
    return (folder / "order.txt").read_text().splitlines()


def walk(address: str, folder: Path, ready: Callable[[], int], end: Callable[[], Any]) -> dict[str, Any]:
    """Open something of everything, end the service, and return what the clients saw."""
    with ThreadPoolExecutor(8) as threads:
        events = threads.submit(streamed, address, "/events")
        feed = threads.submit(streamed, address, "/feed")
        open_ = threads.submit(websocket, address)
        slow = threads.submit(get, address, "/slow", 20.0)
        until(lambda: get(address, "/").json() == {"opened": 4}, "all four to be open")
        assert ready() == 200
        end()
        until(lambda: ready() == 503, "unready")
        fresh = get(address, "/")
        assert (fresh.status, fresh.headers["connection"]) == (200, "close")
        time.sleep(ANNOUNCED + 0.2)
        assert not (folder / "order.txt").exists(), "nothing ends before the requests have"
        (folder / "finish").touch()
        return {
            "events": events.result(),
            "feed": feed.result(),
            "websocket": open_.result(),
            "slow": slow.result().status,
            "order": until(lambda: (lines := noted(folder))[-1] == "close" and lines, "the end"),
        }


@pytest.mark.parametrize("server", SERVERS)
def test_a_drain_goes_by_its_table(start: Start, tmp_path: Path, server: str) -> None:
    service = start(HELD, "--workers", "1", server=server, budget=BUDGET).serving()
    admin = service.admin

    def ready() -> int:
        return get(admin, "/readyz").status

    seen = walk(service.address, tmp_path, ready, lambda: service.signal(signal.SIGTERM))
    assert service.wait() == 0
    order = [step.name for step in STEPS if step.name in seen["order"]]
    assert order == ["finish", "streams", "background", "close"]
    assert seen["order"] == ["finish", "finish too", "streams", "background", "close"]
    assert seen["events"].startswith("data: first\n\n")
    assert seen["feed"] == "first\nlast\n"
    assert seen["websocket"] == 1012
    assert seen["slow"] == 200
    assert not service.left()
    assert "Traceback" not in service.stderr
    assert "Cancel" not in service.stderr, "nobody was cut"


def test_a_bare_uvicorn_is_walked_through_it_too(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HELD)
    (tmp_path / "holdfast.toml").write_text(BUDGET.replace("    ", ""))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    with (tmp_path / "log.txt").open("wb") as log:
        bare = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--loop", "uvloop"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            stdout=log,
            stderr=log,
        )
    try:

        def ready() -> int:
            try:
                return get(address, "/readyz").status
            except OSError:
                return 0

        until(lambda: ready() == 200, "it to serve")
        seen = walk(address, tmp_path, ready, lambda: bare.send_signal(signal.SIGTERM))
        bare.wait(20)
    finally:
        bare.kill()
        bare.wait()
    assert seen["order"] == ["finish", "finish too", "streams", "background", "close"]
    assert seen["events"].startswith("data: first\n\n")
    assert seen["feed"] == "first\nlast\n"
    assert seen["websocket"] == 1012
    assert seen["slow"] == 200


def test_the_documented_table_is_this_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "serve.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in text, "python -m holdfast.service.drain.steps prints it"
    assert json.dumps([step.name for step in STEPS]).count('"') // 2 == len(set(STEPS))
