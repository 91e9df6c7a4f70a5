"""Where key and effect share one SQL transaction: exactly one effect, whatever happens in between."""

# ruff: noqa: ASYNC110 - what is waited for is in another process, or at a server
from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import Depends, HTTPException
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from holdfast.errors import UsageError
from holdfast.policy.idempotency import KeyId, Record, State
from holdfast.policy.idempotency.store.sql import SqlStore
from tests.policy.idempotency.stores import address
from tests.servers.postgres import by_asyncpg
from tests.service.idempotency.orders import Service, database, effects, post

pytestmark = pytest.mark.anyio

INSERT = text("INSERT INTO effects (name, note) VALUES (:name, 'x')")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: Any, tmp_path: Path) -> str:
    return address(request.param, request, tmp_path)


class Shop(Service):
    """POST /orders/{name} writes one effect; `fail` says how the request ends."""

    def __init__(self, folder: Path, engine: AsyncEngine, **options: Any) -> None:
        super().__init__(folder)
        self.engine = engine
        self.fail: str = ""
        self.orders = orders = self.hold.idempotent(
            engine, **{"effect": "transaction", "tenant": "one", "retention": "1h", **options}
        )

        @self.app.post("/orders/{name}", status_code=201)
        @orders
        async def order(name: str, session: Any = Depends(orders.session)) -> dict[str, Any]:  # noqa: B008
            await session.execute(INSERT, {"name": name})
            await self.enter()
            if self.fail.isdecimal():
                raise HTTPException(int(self.fail))
            if self.fail == "raise":
                raise RuntimeError
            if self.fail == "commit":
                await session.commit()
            if self.fail == "savepoint":
                async with session.begin_nested():
                    await session.execute(INSERT, {"name": name + " nested"})
            return {"name": name, "ran": self.ran}


async def key_of(engine: AsyncEngine, key: str) -> Record | None:
    from holdfast.policy.idempotency import Claimed

    store = SqlStore(engine)
    seen = await store.insert(KeyId("", key), Claimed("probe", b"f" * 32, "", True, 1.0, 1.0))
    if seen is None:
        await store.free(KeyId("", key), "probe")
        return None
    return seen.record


@asynccontextmanager
async def shop(folder: Path, url: str, **options: Any) -> AsyncIterator[Shop]:
    async with database(url) as engine:
        # The annotation of the route is resolved where it stands.
        made = Shop(folder, engine, **options)
        async with made.up():
            yield made


async def test_effect_and_key_are_committed_together(tmp_path: Path, url: str) -> None:
    async with shop(tmp_path, url) as made:
        first, second = [await post(made.app, "/orders/a", "k") for _ in range(2)]
        assert (first.status, second.status, first.body) == (201, 201, second.body)
        assert second.headers["idempotency-replayed"] == "true"
        assert await effects(made.engine) == 1


@pytest.mark.parametrize("fail", ["500", "503", "raise"])
async def test_what_failed_is_undone_and_runs_again(tmp_path: Path, url: str, fail: str) -> None:
    async with shop(tmp_path, url) as made:
        made.fail = fail
        if fail == "raise":
            with pytest.raises(RuntimeError):
                await post(made.app, "/orders/a", "k")
        else:
            assert (await post(made.app, "/orders/a", "k")).status == int(fail)
        assert await effects(made.engine) == 0
        made.fail = ""
        assert (await post(made.app, "/orders/a", "k")).status == 201
        assert await effects(made.engine) == 1


async def test_what_the_route_refuses_is_undone_and_stays_refused(tmp_path: Path, url: str) -> None:
    async with shop(tmp_path, url) as made:
        made.fail = "402"
        first = await post(made.app, "/orders/a", "k")
        made.fail = ""
        second = await post(made.app, "/orders/a", "k")
        assert (first.status, second.status, made.ran) == (402, 402, 1)
        assert await effects(made.engine) == 0


async def test_nobody_else_commits(tmp_path: Path, url: str) -> None:
    async with shop(tmp_path, url) as made:
        made.fail = "commit"
        with pytest.raises(UsageError, match="committed together with the answer"):
            await post(made.app, "/orders/a", "k")
        assert await effects(made.engine) == 0
        made.fail = "savepoint"
        assert (await post(made.app, "/orders/a", "k")).status == 201
        assert await effects(made.engine) == 2


async def test_a_session_of_one_s_own(tmp_path: Path, url: str) -> None:
    async with database(url) as engine:
        made = Service(tmp_path)
        sessions = async_sessionmaker(engine)
        orders = made.hold.idempotent(sessions, effect="transaction", tenant="one", retention="1h")

        async def own() -> AsyncIterator[AsyncSession]:
            async with sessions() as session:
                yield session
                await session.commit()  # after the answer: nothing is left to commit

        @made.app.post("/orders")
        @orders
        async def order(session: Any = Depends(own)) -> int:  # noqa: B008 - a local function
            orders.join(session)
            await session.execute(INSERT, {"name": "a"})
            return await made.enter()

        @made.app.post("/forgotten")
        @orders
        async def forgotten() -> int:
            return await made.enter()

        @made.app.post("/early")
        @orders
        async def early(session: Any = Depends(own, scope="function")) -> int:  # noqa: B008
            orders.join(session)
            await session.execute(INSERT, {"name": "early"})
            return 1

        async with made.up() as app:
            assert [(await post(app)).body for _ in range(2)] == [b"1", b"1"]
            assert await effects(engine) == 1
            lost = await post(app, "/forgotten", "f")
            assert (lost.status, (await post(app, "/forgotten", "f")).status) == (500, 409)
            assert b"no session carries the key" in lost.body
            with pytest.raises(UsageError, match="committed together"):
                await post(app, "/early", "e")
            assert await effects(engine, "early") == 0


async def test_without_a_key_and_switched_off_the_session_commits_all_the_same(
    tmp_path: Path, url: str
) -> None:
    async with shop(tmp_path, url, required=False) as made:
        assert (await post(made.app, "/orders/a", None)).status == 201
        made.fail = "402"
        assert (await post(made.app, "/orders/b", None)).status == 402
        assert (await effects(made.engine, "a"), await effects(made.engine, "b")) == (1, 0)
    for mode in ("off", "observe"):
        made = Shop(tmp_path, made.engine, mode=mode)
        async with made.up():
            assert [(await post(made.app, f"/orders/{mode}", "x")).status for _ in range(2)] == [201, 201]
            assert await effects(made.engine, mode) == 2
    await made.engine.dispose()


async def test_a_holder_whose_lease_is_lost_cannot_commit(tmp_path: Path, url: str) -> None:
    """It stands still inside the route for longer than its lease, as by SIGSTOP: nothing renews it."""
    async with shop(tmp_path, url, lease="300ms") as made:
        made.gate = asyncio.Event()
        running = made.orders.running()
        guard = running.guard
        assert guard is not None

        async def silent(*_: Any) -> bool:
            return True

        guard.store.renew = silent  # type: ignore[method-assign]
        slow = asyncio.create_task(post(made.app, "/orders/a", "k"))
        await made.inside.wait()
        if "sqlite" in url:
            # Its transaction locks the whole file: nobody can take the key over before it ends.
            await asyncio.sleep(0.4)
            made.gate.set()
            assert (await slow).status == 201
        else:
            gate, made.gate = made.gate, None
            async with asyncio.timeout(20):
                while (other := await post(made.app, "/orders/a", "k")).status == 409:
                    await asyncio.sleep(0.05)
            gate.set()
            late = await slow
            assert (other.status, late.status) == (201, 409)
            assert late.headers["retry-after"] == "1"
            again = await post(made.app, "/orders/a", "k")
            assert again.body == other.body
        assert await effects(made.engine) == 1


async def test_the_heartbeat_keeps_a_long_request(tmp_path: Path) -> None:
    from holdfast.policy.idempotency.store.memory import MemoryStore

    made = Service(tmp_path)
    orders = made.hold.idempotent(
        MemoryStore(), tenant="one", retention="1h", lease="1s", effect="repeatable"
    )
    made.gate = asyncio.Event()

    @made.app.post("/orders")
    @orders
    async def order() -> int:
        return await made.enter()

    async with made.up() as app:
        slow = asyncio.create_task(post(app))
        await made.inside.wait()
        statuses = set()
        for _ in range(12):
            await asyncio.sleep(0.13)
            statuses.add((await post(app)).status)
        made.gate.set()
        assert ((await slow).status, statuses, made.ran) == (200, {409}, 1)


async def test_random_cancellation_leaves_no_stuck_key_and_one_effect(tmp_path: Path, url: str) -> None:
    chance = random.Random(7)
    async with shop(tmp_path, url) as made:
        for round_ in range(12):
            name = f"n{round_}"
            for _ in range(6):
                task = asyncio.create_task(post(made.app, f"/orders/{name}", name))
                for _ in range(chance.randrange(60)):
                    await asyncio.sleep(0)
                if chance.random() < 0.5:
                    await asyncio.sleep(chance.random() * 0.004)
                task.cancel()
                await asyncio.wait([task])
            async with asyncio.timeout(20):  # less than the lease would need for all: they are freed
                while (answer := await post(made.app, f"/orders/{name}", name)).status != 201:
                    assert answer.status in (409, 503), answer.body
                    await asyncio.sleep(0.01)
            assert await effects(made.engine, name) == 1
            record = await key_of(made.engine, name)
            assert record is not None
            assert record.state is State.DONE
            assert record.answer is not None
            assert record.answer.body == answer.body
        await made.orders.running().guard.settled()  # type: ignore[union-attr]
        assert made.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_a_constraint_that_fails_at_the_commit_is_no_outage(tmp_path: Path, postgres_url: str) -> None:
    url = by_asyncpg(postgres_url)
    async with shop(tmp_path, url) as made:
        async with made.engine.begin() as connection:
            await connection.execute(
                text("ALTER TABLE effects ADD CONSTRAINT once UNIQUE (name) DEFERRABLE INITIALLY DEFERRED")
            )
        one, two = [await post(made.app, "/orders/a", key) for key in ("1", "2")]
        while (again := await post(made.app, "/orders/a", "2")).status == 409:
            await asyncio.sleep(0.01)  # the key is given back beside the answer
        assert (one.status, two.status, again.status) == (201, 500, 500)
        assert json.loads(two.body)["type"] == "urn:holdfast:error"
        assert (await effects(made.engine), await key_of(made.engine, "2")) == (1, None)
