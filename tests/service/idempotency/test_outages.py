"""The store goes away and comes back, in the middle of a request."""

# ruff: noqa: ASYNC110 - what is waited for is in another process, or at a server
from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends
from sqlalchemy import text

from holdfast.policy.idempotency.store.redis import RedisStore, connect
from tests.servers import postgres as servers
from tests.servers.redis import RedisServer, find_binary
from tests.service.idempotency.orders import Service, database, effects, post

pytestmark = pytest.mark.anyio

INSERT = text("INSERT INTO effects (name, note) VALUES (:name, 'x')")


class Postgres:
    """A server of the test's own, which keeps what it has committed when it is killed."""

    def __init__(self, folder: Path) -> None:
        binaries = servers.find_binaries()
        assert binaries is not None
        self.binaries = binaries
        self.folder = folder
        self.port = servers.free_port()
        self.account = servers.dropped_privileges()
        self.process: subprocess.Popen[bytes] | None = None
        if self.account:
            shutil.chown(folder, self.account["user"], self.account["group"])
        words = ["-D", str(folder / "data"), "-U", servers.USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(
            [str(self.binaries / "initdb"), *words],
            check=True,
            capture_output=True,
            cwd=folder,
            **self.account,
        )

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://{servers.USER}@127.0.0.1:{self.port}/postgres?ssl=disable"

    def start(self) -> None:
        command = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        command += ["-k", str(self.folder), "-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"]
        log = self.folder / "log"
        for _ in range(50):  # it does not start while a backend of the one before still ends
            with log.open("ab") as output:
                self.process = subprocess.Popen(
                    command, cwd=self.folder, stdout=output, stderr=output, **self.account
                )
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.3)
                continue
            break
        assert self.process is not None
        servers.wait_until_ready(self.binaries, self.port, self.process, log)

    def kill(self) -> None:
        """End the server at once; its backends notice and end too."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    if servers.find_binaries() is None:
        reason = "no postgres binary on PATH or in /usr/lib/postgresql"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="holdfast-postgres-"))
    server = Postgres(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


async def until(app: Any, path: str, key: str, status: int) -> Any:
    async with asyncio.timeout(30):
        while (answer := await post(app, path, key)).status != status:
            assert answer.status in (409, 503), answer.body
            await asyncio.sleep(0.05)
    return answer


async def test_postgres_is_killed_in_the_middle(tmp_path: Path, own_postgres: Postgres) -> None:
    async with database(own_postgres.url) as engine:
        made = Service(tmp_path)
        orders = made.hold.idempotent(
            engine, effect="transaction", tenant="one", retention="1h", lease="500ms"
        )

        @made.app.post("/orders")
        @orders
        async def order(session: Any = Depends(orders.session)) -> int:  # noqa: B008
            await session.execute(INSERT, {"name": "a"})
            return await made.enter()

        async with made.up() as app:
            made.gate = asyncio.Event()
            first = asyncio.create_task(post(app, key="a"))
            await made.inside.wait()
            own_postgres.kill()
            made.gate.set()
            lost, refused = await first, await post(app, key="b")
            own_postgres.start()
            done = await until(app, "/orders", "a", 200)
            assert (await post(app, key="a")).body == done.body
            assert await effects(engine) == 1
        for answer in (lost, refused):
            assert (answer.status, answer.headers["holdfast-outcome"]) == (503, "dependency")
            assert int(answer.headers["retry-after"]) >= 1
        assert made.ran == 2


@pytest.fixture
def lasting_redis(tmp_path: Path) -> Iterator[RedisServer]:
    lasting = ("--appendonly", "yes", "--appendfsync", "always")
    server = RedisServer(find_binary(), tmp_path, settings=lasting)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def charging(folder: Path, redis: RedisServer, budget: str = "", **options: Any) -> tuple[Service, Any]:
    made = Service(folder, budget)
    store = RedisStore(connect(redis.url, patience=0.5, connections=8))
    options = {"tenant": "one", "retention": "1h", "lease": "20s", **options}
    charges = made.hold.idempotent(store, **options)

    @made.app.post("/charges")
    @charges
    async def charge() -> int:
        return await made.enter()

    return made, charges


async def test_redis_is_killed_in_the_middle_and_has_kept_its_data(
    tmp_path: Path, lasting_redis: RedisServer
) -> None:
    made, charges = charging(tmp_path, lasting_redis)
    async with made.up() as app:
        made.gate = asyncio.Event()
        first = asyncio.create_task(post(app, "/charges", "a"))
        await made.inside.wait()
        lasting_redis.kill()
        made.gate.set()
        answer, refused = await first, await post(app, "/charges", "b")
        assert (answer.status, answer.body) == (200, b"1"), "the effect is there, and this is its answer"
        assert (refused.status, refused.headers["holdfast-outcome"]) == (503, "dependency")
        lasting_redis.start()
        again = await until(app, "/charges", "a", 200)
        assert (again.body, again.headers["idempotency-replayed"], made.ran) == (b"1", "true", 1)
    await charges.stop()


async def test_a_worker_that_ends_before_the_store_is_back_leaves_an_unknown_outcome(
    tmp_path: Path, lasting_redis: RedisServer
) -> None:
    made, charges = charging(tmp_path, lasting_redis, lease="400ms")
    async with made.up() as app:
        made.gate = asyncio.Event()
        first = asyncio.create_task(post(app, "/charges", "a"))
        await made.inside.wait()
        lasting_redis.kill()
        made.gate.set()
        assert (await first).status == 200
        guard = charges.running().guard
        await guard.settled()  # it gave up: its lease is over
        lasting_redis.start()
        async with asyncio.timeout(20):
            while (answer := await post(app, "/charges", "a")).headers[
                "holdfast-outcome"
            ] != "outcome-unknown":
                await asyncio.sleep(0.05)
        assert (answer.status, made.ran) == (409, 1)
        assert [u.key.key for u in await charges.unresolved()] == ["a"]


RUNS = """
[dependency.keys]
kind = "redis"
url_env = "KEYS_URL"
[idempotency]
store = "keys"
unavailable = "run"
"""


async def test_without_its_store_a_request_runs_only_where_that_is_decided(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    made, _ = charging(tmp_path, redis_server, RUNS)
    redis_server.kill()
    async with made.up() as app:
        assert [(await post(app, "/charges", "a")).body for _ in range(2)] == [b"1", b"2"]
        redis_server.start()  # so that what is still to be written does not hold up the end
