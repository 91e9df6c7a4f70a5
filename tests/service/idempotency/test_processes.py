"""Real workers, killed and stopped: one effect where it shares the key's transaction, never two anywhere.

The full size, 1,000 duplicates a route: KEYS_FULL=1.
"""

# ruff: noqa: ASYNC110 - what is waited for is in another process, or at a server
from __future__ import annotations

import asyncio
import collections
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.servers.postgres import by_asyncpg, free_port
from tests.service.idempotency.orders import budget, database

pytestmark = pytest.mark.anyio

FULL = os.environ.get("KEYS_FULL") == "1"
KEYS, DUPLICATES = (25, 40) if FULL else (8, 15)
ROUTES = ("/orders", "/lite", "/charges", "/notes")
SHARED = ("/orders", "/lite")
PATIENCE = 60.0
ROOT = Path(__file__).parents[3]


class Worker:
    """One Uvicorn process on a port that it keeps."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.environ = {**os.environ, "KEYS_FOLDER": str(folder), **environ}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Worker:
        command = [sys.executable, "-m", "uvicorn", "tests.service.idempotency.worker:app"]
        command += ["--port", str(self.port), "--log-level", "warning", "--lifespan", "on"]
        with (self.folder / f"worker-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ, stdout=log, stderr=log)
        return self

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    @property
    def log(self) -> str:
        return (self.folder / f"worker-{self.port}.log").read_text(errors="replace")

    async def up(self) -> Worker:
        end = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
                return self
            assert self.process is not None
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end, self.log
            await asyncio.sleep(0.05)

    async def post(self, path: str, key: str, patience: float = 20.0) -> tuple[int, dict[str, str], bytes]:
        """Send one request on a connection of its own; OSError or EOFError where the worker dies."""
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                head = f"POST {path} HTTP/1.1\r\nhost: x\r\nidempotency-key: {key}\r\ncontent-length: 0\r\n"
                writer.write(f"{head}connection: close\r\n\r\n".encode())
                answer = await reader.read()
            finally:
                writer.close()
        top, found, body = answer.partition(b"\r\n\r\n")
        if not found:
            raise EOFError
        first, *lines = top.decode().split("\r\n")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        if int(headers.get("content-length", "0")) > len(body):
            raise EOFError
        return int(first.split()[1]), headers, body


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    made: list[Worker] = []
    yield made
    for worker in made:
        worker.kill()


@asynccontextmanager
async def world(folder: Path, postgres_url: str, redis_url: str) -> AsyncIterator[tuple[dict[str, str], Any]]:
    """The environment of workers, and a function that counts the effects of a route's key."""
    budget(folder)
    sqlite = f"sqlite+aiosqlite:///{folder / 'lite.db'}"
    postgres = by_asyncpg(postgres_url)
    async with database(postgres) as orders, database(sqlite) as lite:
        async with lite.begin() as connection:
            await connection.execute(text("SELECT 1"))

        async def effects(route: str) -> collections.Counter[str]:
            if route in SHARED:
                async with (orders if route == "/orders" else lite).connect() as connection:
                    found = await connection.execute(text("SELECT name FROM effects"))
                    return collections.Counter(found.scalars())
            file = folder / "effects.txt"
            return collections.Counter(file.read_text().split() if file.exists() else ())

        yield {"KEYS_POSTGRES": postgres, "KEYS_SQLITE": sqlite, "KEYS_REDIS": redis_url}, effects


async def test_duplicates_over_two_workers_that_are_killed(
    tmp_path: Path, postgres_url: str, redis_url: str, workers: list[Worker]
) -> None:
    chance = random.Random(3)
    async with world(tmp_path, postgres_url, redis_url) as (environ, effects):
        workers += [Worker(tmp_path, **environ).start() for _ in range(2)]
        for worker in workers:
            await worker.up()
        ends: dict[str, list[tuple[int, bytes]]] = collections.defaultdict(list)
        met: collections.Counter[str] = collections.Counter()
        left = len(ROUTES) * KEYS * DUPLICATES
        room = asyncio.Semaphore(1000)

        async def client(route: str, number: int) -> None:
            nonlocal left
            name = f"{route[1:]}-{number}"
            turn = chance.random()
            await asyncio.sleep(turn * (30.0 if FULL else 3.0))
            while turn > 0.5 and met["killed"] < 2:
                await asyncio.sleep(0.05)
            end = time.monotonic() + 3 * PATIENCE
            async with room:
                while True:
                    assert time.monotonic() < end, f"{name} never came to an end"
                    try:
                        status, headers, body = await chance.choice(workers).post(f"{route}/{name}", name)
                    except (OSError, EOFError, TimeoutError) as error:
                        met[type(error).__name__] += 1
                        await asyncio.sleep(0.05 + chance.random() * 0.2)
                        continue
                    outcome = headers.get("holdfast-outcome", "")
                    met[outcome or headers.get("idempotency-replayed", "first")] += 1
                    if status == 201 or outcome == "outcome-unknown":
                        ends[name].append((status, body))
                        left -= 1
                        return
                    known = outcome in ("key-in-flight", "dependency", "shed", "deadline")
                    assert known, (status, body, *(worker.log[-4000:] for worker in workers))
                    await asyncio.sleep(0.05 + chance.random() * 0.3)

        async def killer() -> None:
            while left > 0:
                await asyncio.sleep(0.1 + chance.random() * 0.4)
                victim = chance.choice(workers)
                victim.kill()
                met["killed"] += 1
                await victim.start().up()

        clients = [client(r, n) for r in ROUTES for n in range(KEYS) for _ in range(DUPLICATES)]
        chance.shuffle(clients)
        killing = asyncio.create_task(killer())
        await asyncio.gather(*clients)
        killing.cancel()
        await asyncio.wait([killing])
        assert met["killed"] >= 2, met
        for route in ROUTES:
            counted = await effects(route)
            for number in range(KEYS):
                name = f"{route[1:]}-{number}"
                answered = {body for status, body in ends[name] if status == 201}
                unknown = sum(status == 409 for status, _ in ends[name])
                assert len(answered) <= 1, f"{name}: two answers {answered}"
                if route in SHARED:
                    assert (counted[name], unknown) == (1, 0), f"{name}: {counted[name]} effects"
                else:
                    assert counted[name] <= 1, f"{name}: {counted[name]} effects"
                    assert counted[name] == 1 or unknown, f"{name} was lost"
        print(dict(met), "unknown:", sum(s == 409 for e in ends.values() for s, _ in e))


async def test_a_worker_that_was_stopped_for_longer_than_its_lease(
    tmp_path: Path, postgres_url: str, redis_url: str, workers: list[Worker]
) -> None:
    async with world(tmp_path, postgres_url, redis_url) as (environ, effects):
        environ["KEYS_LEASE"] = "1500ms"  # long enough for a busy machine to renew it
        holder, other = Worker(tmp_path, **environ, KEYS_HOLDS="1"), Worker(tmp_path, **environ)
        workers += [holder.start(), other.start()]
        for worker in workers:
            await worker.up()
        routes = ("/orders", "/charges", "/notes")
        names = {route: f"held{route.replace('/', '-')}" for route in routes}

        async def again(route: str) -> tuple[int, str, bytes]:
            status, headers, body = await other.post(f"{route}/{names[route]}", names[route])
            return status, headers.get("holdfast-outcome", ""), body

        late = [
            asyncio.create_task(holder.post(f"{route}/{names[route]}", names[route], patience=PATIENCE))
            for route in routes
        ]
        while not all((tmp_path / f"inside {name}").exists() for name in names.values()):
            await asyncio.sleep(0.02)
        for _ in range(3):  # longer than the lease, which is renewed
            await asyncio.sleep(0.7)
            assert [(await again(route))[:2] for route in routes] == [(409, "key-in-flight")] * 3
        holder.signal(signal.SIGSTOP)
        end = time.monotonic() + PATIENCE
        met: dict[str, tuple[int, str, bytes]] = {}
        while len(met) < len(routes):
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
            for route in set(routes) - set(met):
                found = await again(route)
                if found[1] != "key-in-flight":
                    met[route] = found
        for name in names.values():
            (tmp_path / f"go {name}").touch()
        holder.signal(signal.SIGCONT)
        for route, task in zip(routes, late, strict=True):
            status, headers, _ = await task
            if route in SHARED:
                assert (status, headers["holdfast-outcome"]) == (409, "key-in-flight"), "it could not commit"
                assert met[route][0] == 201
                assert await again(route) == met[route]
            else:
                assert met[route][:2] == (409, "outcome-unknown")
                assert status == 201, "its own client reads the truth, and the key stays unknown"
                assert (await again(route))[:2] == (409, "outcome-unknown")
            assert (await effects(route))[names[route]] == 1
