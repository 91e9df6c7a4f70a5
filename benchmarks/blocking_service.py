"""A service whose every route blocks the loop in another way, and a worker that is told what to do.

`python -m benchmarks.blocking_service WATCHER` answers each line that it reads with a line of JSON: the CPU
seconds of the process, or what the watcher reported. "quick N" serves N requests that do not block, "idle S"
does nothing for S seconds, "KIND" blocks once in that way.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any

import uvloop
from fastapi import FastAPI, Request

from benchmarks.watchers import WATCHERS, Watcher

__all__ = ["BLOCK", "KINDS", "line_of", "service"]

BLOCK = 0.3
"""Seconds that each kind blocks for, about."""

_FILE = Path(__file__)


class Means:
    """What the kinds need: made in advance, so that a request does nothing but block."""

    def __init__(self) -> None:
        self.iterations = _fitting(lambda n: hashlib.pbkdf2_hmac("sha256", b"password", b"salt", n), 50_000)
        self.items = _fitting(lambda n: json.dumps([{"id": i, "of": "x"} for i in range(n)]), 50_000)
        self.document = [{"id": i, "of": "x"} for i in range(2 * self.items)]
        self.pattern = re.compile(r"(a+)+$")
        length, spent = 16, 0.0
        while spent < BLOCK / 2:
            length += 1
            began = time.thread_time()
            self.pattern.match("a" * length + "b")
            spent = time.thread_time() - began
        self.text = "a" * (length + 1) + "b"
        self.lock = threading.Lock()
        self.folder = tempfile.TemporaryDirectory()
        self.database = f"{self.folder.name}/database"
        self.pipe = Path(self.folder.name, "pipe")
        os.mkfifo(self.pipe)
        self.writes = os.open(self.pipe, os.O_RDWR)
        self.holder = sqlite3.connect(self.database, check_same_thread=False, isolation_level=None)
        self.holder.execute("create table t (x)")
        self.holder.execute("begin exclusive")
        self.reader = sqlite3.connect(self.database, timeout=10)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()

    def later(self, act: Callable[[], Any]) -> None:
        """Do `act` in a thread once the block is over."""
        threading.Timer(BLOCK, act).start()

    def let_go(self) -> None:
        """Leave the database to others for a moment."""
        self.holder.execute("rollback")
        time.sleep(BLOCK)
        self.holder.execute("begin exclusive")

    def _answer(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            connection.recv(65536)
            time.sleep(BLOCK)
            connection.sendall(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok")
            connection.close()


def _fitting(work: Callable[[int], Any], start: int) -> int:
    began = time.thread_time()
    work(start)
    return int(start * BLOCK / (time.thread_time() - began))


def sleep(_: Means) -> None:
    time.sleep(BLOCK)  # sleep


def cpu(_: Means) -> None:
    end = time.thread_time() + BLOCK
    total = 0
    while time.thread_time() < end:  # cpu
        total += 1


def password(means: Means) -> None:
    hashlib.pbkdf2_hmac("sha256", b"password", b"salt", means.iterations)  # password


def regex(means: Means) -> None:
    means.pattern.match(means.text)  # regex


def dumps(means: Means) -> None:
    json.dumps(means.document)  # dumps


def http(means: Means) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{means.port}/") as answer:  # http
        answer.read()


def process(_: Means) -> None:
    subprocess.run(["sleep", str(BLOCK)], check=True)  # process


def file(means: Means) -> None:
    with means.pipe.open("rb") as opened:
        means.later(lambda: os.write(means.writes, b"x"))
        opened.read(1)  # file


def lock(means: Means) -> None:
    means.lock.acquire()
    means.later(means.lock.release)
    means.lock.acquire()  # lock
    means.lock.release()


def database(means: Means) -> None:
    means.later(means.let_go)
    with means.reader:
        means.reader.execute("insert into t values (1)")  # database


KINDS: dict[str, Callable[[Means], None]] = {
    each.__name__: each for each in (sleep, cpu, password, regex, dumps, http, process, file, lock, database)
}


def line_of(kind: str) -> int:
    """Return the line that blocks."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.endswith(f"# {kind}"))


def service(means: Means | None) -> FastAPI:
    """Return the app; without `means` only the route that does not block."""
    app = FastAPI()

    @app.get("/quick/{item}")
    async def quick(request: Request, item: int) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"item": item}

    def add(kind: str, block: Callable[[Means], None], means: Means) -> None:
        @app.get(f"/{kind}/{{item}}")
        async def blocking(item: int) -> dict[str, int]:
            block(means)
            return {"item": item}

    if means is not None:
        for kind, block in KINDS.items():
            add(kind, block, means)
    return app


class Worker:
    """The service, called as a server would call it: each request in a task of its own."""

    def __init__(self, app: FastAPI, watcher: Watcher) -> None:
        self._app = app
        self._watcher = watcher

    async def obey(self) -> None:
        """Read orders until there are none."""
        self._watcher.start()
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await self._get("/quick/1")
        print("ready", flush=True)
        while order := (await reader.readline()).decode().split():
            match order:
                case ["quick", number]:
                    before = time.process_time()
                    for _ in range(int(number)):
                        await self._get("/quick/1")
                    answer: Any = time.process_time() - before
                case ["idle", seconds]:
                    before = time.process_time()
                    await asyncio.sleep(float(seconds))
                    answer = time.process_time() - before
                case [kind]:
                    answer = await self._block(kind)
            print(json.dumps(answer), flush=True)
        self._watcher.stop()

    async def _block(self, kind: str) -> list[dict[str, Any]]:
        await asyncio.sleep(0.15)
        self._watcher.reports.clear()
        try:
            await self._get(f"/{kind}/7")
        except Exception as error:  # noqa: BLE001 - a watcher that raises reports so
            self._watcher.raised(error, f"GET /{kind}/{{item}}")
        await asyncio.sleep(0.15)
        return [dict(report) for report in self._watcher.reports]

    async def _get(self, path: str) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"localhost"), (b"accept", b"*/*")],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
            "state": {},
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            pass

        await asyncio.get_running_loop().create_task(self._app(scope, receive, send))


def main(name: str) -> None:
    """Serve orders."""
    app = service(Means() if len(sys.argv) < 3 else None)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Worker(app, WATCHERS[name]()).obey())


if __name__ == "__main__":
    main(sys.argv[1])
