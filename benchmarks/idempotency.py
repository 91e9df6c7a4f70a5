"""CPU that an idempotency key adds to a request: on its first use, and on a replay, for each store.

FastAPI bare and with keys alternate, in process, each on its own event loop. The work of the servers is not
counted: Redis and PostgreSQL are processes of their own; SQLite's is, for it runs here. A store whose server
is not installed is left out, and the exit code says that something was not measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, MutableMapping, Sequence
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import uvloop
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.gatekeeper import SCOPE, lifespan
from benchmarks.report import NOT_DECIDED, figures, machine, median, missing, table

STORES = ("sqlite", "postgres", "redis")
BODY = b'{"product": 42, "quantity": 3, "note": "by the side door"}'


class Order(BaseModel):
    """What the route takes and gives."""

    product: int
    quantity: int
    note: str


class Contender:
    """An app with one route on a loop of its own; `url` is where its keys are, None: it takes none."""

    def __init__(self, name: str, folder: Path, url: str | None) -> None:
        self.name = name
        self.app = FastAPI()
        self.url = url
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.first: list[float] = []
        self.replay: list[float] = []
        self._numbers = itertools.count()
        self._folder = folder
        self._made = False
        self._keys: Any = None

    def round(self, requests: int) -> None:
        """Serve `requests` with keys of their own, and then all of them again."""
        first, again = self.runner.run(self._serve(requests))
        self.first.append(first)
        self.replay.append(again)

    def close(self) -> None:
        """End the loop, and with it what is open."""
        self.runner.run(self._close())
        self.runner.close()

    async def _close(self) -> None:
        engine = getattr(self._keys, "engine", None)
        if engine is not None:
            await engine.dispose()

    async def _make(self) -> None:
        from holdfast import Holdfast

        budget = self._folder / "holdfast.toml"
        budget.write_text("[service]\nname = 'benchmark'\n", encoding="utf-8")
        hold = Holdfast(self.app, budget=budget)

        async def order(body: Order) -> Order:
            await asyncio.sleep(0)
            return body

        route: Any = order
        if self.url is not None:
            self._keys = store = await _store(self.url)
            route = hold.idempotent(store, tenant="one", retention="1h", effect="repeatable")(order)
        self.app.post("/orders", status_code=201)(route)
        self._made = True

    async def _serve(self, requests: int) -> tuple[float, float]:
        if not self._made:
            await self._make()
        async with lifespan(self.app):
            await self._requests([b"warm %d" % next(self._numbers) for _ in range(requests // 10)])
            keys = [b"key-%d" % next(self._numbers) for _ in range(requests)]
            return await self._requests(keys), await self._requests(keys)

    async def _requests(self, keys: Sequence[bytes]) -> float:
        loop, app = asyncio.get_running_loop(), self.app
        statuses = set()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": BODY, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.add(message["status"])

        before = time.process_time()
        for key in keys:
            headers = [*SCOPE["headers"], (b"content-type", b"application/json")]
            headers.append((b"idempotency-key", key.replace(b" ", b"-")))
            path = {"method": "POST", "path": "/orders", "raw_path": b"/orders"}
            await loop.create_task(app({**SCOPE, **path, "headers": headers, "state": {}}, receive, send))
        spent = time.process_time() - before
        if statuses != {201}:
            raise SystemExit(f"{self.name} answered {statuses}")
        return spent / len(keys) * 1e6


async def _store(url: str) -> Any:
    if url.startswith("redis"):
        from holdfast.policy.idempotency.store.redis import RedisStore, connect

        return RedisStore(connect(url, patience=5.0, connections=4))
    from sqlalchemy.ext.asyncio import create_async_engine

    from holdfast.policy.idempotency.store.sql import SqlStore

    store = SqlStore(create_async_engine(url))
    await store.create_tables()
    return store


@contextlib.contextmanager
def _redis(folder: Path) -> Iterator[str | None]:
    binary = shutil.which("redis-server")
    if binary is None:
        print("missing: redis-server (apt install redis-server)", file=sys.stderr)
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [binary, "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


@contextlib.contextmanager
def _postgres() -> Iterator[str | None]:
    from tests.servers.postgres import find_binaries, running

    binaries = find_binaries()
    if binaries is None:
        print("missing: postgres (apt install postgresql)", file=sys.stderr)
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    try:
        with running(binaries, folder) as server:
            yield server.create_database().replace("postgresql://", "postgresql+asyncpg://")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idempotency", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less certain")
    quick = parser.parse_args(arguments).quick
    missing("aiosqlite", "asyncpg", "redis", "sqlalchemy", "pytest")
    rounds, requests = (3, 300) if quick else (9, 1000)
    with (
        tempfile.TemporaryDirectory() as made,
        _redis(Path(made)) as redis,
        _postgres() as postgres,
    ):
        folder = Path(made)
        urls = {"sqlite": f"sqlite+aiosqlite:///{folder / 'keys.db'}", "postgres": postgres, "redis": redis}
        contenders = [Contender("no keys", folder, None)]
        contenders += [Contender(name, folder, url) for name, url in urls.items() if url is not None]
        for _ in range(rounds):
            for contender in contenders:
                contender.round(requests)
        for contender in contenders:
            contender.close()
    bare = contenders[0]
    rows, measured = [], {}
    for contender in contenders:
        firsts = [mine - base for mine, base in zip(contender.first, bare.first, strict=True)]
        replays = [mine - base for mine, base in zip(contender.replay, bare.first, strict=True)]
        measured[contender.name] = median(firsts), median(replays)
        shown = (f"{value:+.0f}" for value in (median(firsts) or 0.0, median(replays) or 0.0))
        rows.append((contender.name, f"{median(contender.first) or 0:.0f}", *shown))
    machine()
    table(("keys in", "first use, CPU us", "added", "replay, added"), rows)
    nothing = (None, None)
    figures(
        bare_us=median(bare.first),
        **{f"{name}_first_us": measured.get(name, nothing)[0] for name in STORES},
        **{f"{name}_replay_us": measured.get(name, nothing)[1] for name in STORES},
    )
    return 0 if len(measured) == len(STORES) + 1 else NOT_DECIDED


if __name__ == "__main__":
    sys.exit(main())
