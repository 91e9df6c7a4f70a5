"""What every store promises, against the real servers."""

# ruff: noqa: ASYNC110 - what is waited for is in another process, or at a server
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.policy.idempotency import Answer, Claimed, KeyId, Record, Seen, State, StoreDown, Unresolved
from holdfast.policy.idempotency.store.redis import RedisStore, connect
from holdfast.policy.idempotency.store.sql import SqlStore
from holdfast.policy.idempotency.store.table import idempotency_table
from tests.policy.idempotency.stores import BACKENDS, Wall, address, opened
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.anyio

KEY = KeyId("tenant", "key")
ANSWER = Answer(201, ((b"content-type", b"application/json"), (b"x-odd", b"\xff\xe9")), bytes(range(256)))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=BACKENDS)
def where(request: Any, tmp_path: Path) -> tuple[str, str]:
    return request.param, address(request.param, request, tmp_path)


@pytest.fixture
def wall() -> Iterator[Wall]:
    return Wall()  # type: ignore[return-value]


def claimed(token: str, *, repeatable: bool = True, lease: float = 10.0, retention: float = 100.0) -> Claimed:
    return Claimed(token, b"f" * 32, "POST /orders", repeatable, lease, retention)


async def test_the_first_claim_is_stored_and_the_second_sees_it(where: Any, wall: Wall) -> None:
    async with opened(*where, wall) as store:
        assert await store.insert(KEY, claimed("a", repeatable=False)) is None
        seen = await store.insert(KEY, claimed("b"))
        assert seen == Seen(
            Record(State.RUNNING, "a", b"f" * 32, False, wall.at + 10, wall.at + 100, "POST /orders"), wall.at
        )
        other = await store.insert(KeyId("other", "key"), claimed("c"))
    assert other is None


async def test_names_do_not_run_into_each_other(where: Any, wall: Wall) -> None:
    pairs = [("a", "b:c"), ("a:b", "c"), ("a:", "b:c"), ("", "a:b:c"), ("a*", "?")]
    async with opened(*where, wall) as store:
        for tenant, key in pairs:
            assert await store.insert(KeyId(tenant, key), claimed("a")) is None
        for tenant, key in pairs:
            assert await store.abandon(KeyId(tenant, key), "a", 100.0)
        found = await store.unresolved(10)
    assert sorted((u.key.tenant, u.key.key) for u in found) == sorted(pairs)


async def test_an_answer_comes_back_as_it_was(where: Any, wall: Wall) -> None:
    async with opened(*where, wall) as store:
        await store.insert(KEY, claimed("a"))
        assert await store.complete(KEY, "a", ANSWER, 50.0)
        assert await store.complete(KEY, "a", ANSWER, 50.0), "twice is once"
        seen = await store.insert(KEY, claimed("b"))
        lost = Answer(200, (), None)
        await store.insert(KeyId("t", "large"), claimed("c"))
        await store.complete(KeyId("t", "large"), "c", lost, 50.0)
        large = await store.insert(KeyId("t", "large"), claimed("d"))
    assert (seen.record.state, seen.record.answer, seen.record.expires) == (State.DONE, ANSWER, wall.at + 50)
    assert large.record.answer == lost


@pytest.mark.parametrize("word", ["renew", "complete", "free", "abandon"])
@pytest.mark.parametrize("after", ["taken over", "unknown", "done", "free", "never"])
async def test_the_fence_refuses_who_does_not_hold_the_key(
    where: Any, wall: Wall, word: str, after: str
) -> None:
    async with opened(*where, wall) as store:
        if after != "never":
            await store.insert(KEY, claimed("old"))
        seen = await store.insert(KEY, claimed("x")) if after != "never" else None
        wall.at += 11
        if after == "taken over":
            assert await store.replace(KEY, seen.record, claimed("new"))
        elif after == "unknown":
            assert await store.declare_unknown(KEY, seen.record, "new")
        elif after == "done":
            assert await store.replace(KEY, seen.record, claimed("new"))
            assert await store.complete(KEY, "new", ANSWER, 100.0)
        elif after == "free":
            assert await store.free(KEY, "old")
        before = await store.insert(KEY, claimed("probe"))
        said = {"renew": (10.0,), "complete": (ANSWER, 9.0), "free": (), "abandon": (9.0,)}[word]
        assert not await getattr(store, word)(KEY, "old", *said)
        if before is None:
            assert (await store.insert(KEY, claimed("probe 2"))).record.token == "probe"
        else:
            assert (await store.insert(KEY, claimed("probe 2"))).record == before.record


async def test_only_what_was_seen_is_replaced(where: Any, wall: Wall) -> None:
    async with opened(*where, wall) as store:
        await store.insert(KEY, claimed("a"))
        seen = (await store.insert(KEY, claimed("x"))).record
        assert not await store.replace(KEY, seen, claimed("b")), "its lease holds"
        assert not await store.declare_unknown(KEY, seen, "b")
        wall.at += 11
        assert await store.renew(KEY, "a", 10.0)
        assert not await store.replace(KEY, seen, claimed("b")), "it was renewed since"
        wall.at += 11
        assert await store.replace(KEY, seen, claimed("b"))
        assert not await store.replace(KEY, seen, claimed("c")), "it is another's"
        assert not await store.declare_unknown(KEY, seen, "c")


async def test_one_of_many_gets_the_key(where: Any) -> None:
    async with opened(*where, None) as store:
        found = await asyncio.gather(*(store.insert(KEY, claimed(f"{n}", lease=60.0)) for n in range(20)))
        assert found.count(None) == 1
        holder = next(seen for seen in found if seen is not None).record
        await store.renew(KEY, holder.token, -60.0)
        taken = await asyncio.gather(*(store.replace(KEY, holder, claimed(f"new {n}")) for n in range(20)))
    assert taken.count(True) == 1


async def test_the_store_s_own_clock(where: Any) -> None:
    async with opened(*where, None) as store:
        await store.insert(KEY, claimed("a", lease=30.0, retention=300.0))
        seen = await store.insert(KEY, claimed("b"))
    assert 25.0 < seen.record.lease - seen.now <= 30.0
    assert 295.0 < seen.record.expires - seen.now <= 300.0
    if where[0] != "memory":  # whose records end with the process: any clock that only it can read will do
        assert seen.now > 1_700_000_000, "seconds since the epoch"


async def test_unknown_outcomes_are_listed_and_resolved(where: Any, wall: Wall) -> None:
    async with opened(*where, wall) as store:
        for key in ("did", "did not", "running"):
            await store.insert(KeyId("t", key), claimed("a"))
        for key in ("did", "did not"):
            await store.abandon(KeyId("t", key), "a", 100.0)
        found = await store.unresolved(10)
        assert await store.resolve(KeyId("t", "did"), ANSWER, 100.0)
        assert await store.resolve(KeyId("t", "did not"), None, 100.0)
        assert not await store.resolve(KeyId("t", "running"), None, 100.0)
        assert not await store.resolve(KeyId("t", "nothing"), ANSWER, 100.0)
        assert await store.unresolved(10) == []
        assert (await store.insert(KeyId("t", "did"), claimed("b"))).record.answer == ANSWER
        assert await store.insert(KeyId("t", "did not"), claimed("b")) is None
    assert sorted(found, key=lambda u: u.key.key) == [
        Unresolved(KeyId("t", "did"), "POST /orders"),
        Unresolved(KeyId("t", "did not"), "POST /orders"),
    ]


async def test_what_is_over_goes_in_bounded_batches(where: Any, wall: Wall) -> None:
    backend, url = where
    async with opened(backend, url, wall) as store:
        for n in range(7):
            await store.insert(KeyId("t", f"{n}"), claimed("a", retention=20.0 if n < 5 else 200.0))
        await store.insert(KeyId("t", "held"), claimed("a", lease=500.0, retention=20.0))
        wall.at += 50
        gone = [await store.sweep(3) for _ in range(3)]
        left = [
            n for n in (*map(str, range(5, 7)), "held") if await store.insert(KeyId("t", n), claimed("b"))
        ]
    assert gone == ([0, 0, 0] if backend.startswith("redis") else [3, 2, 0])
    assert left == ["5", "6", "held"]


async def test_redis_forgets_by_itself(redis_url: str) -> None:
    async with opened("redis", redis_url, None) as store:
        await store.insert(KEY, claimed("a", lease=0.02, retention=0.03))
        async with asyncio.timeout(10):
            while (await store.insert(KEY, claimed("b"))) is not None:
                await asyncio.sleep(0.01)


async def test_a_missing_table_is_one_clear_message(tmp_path: Path) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    store = SqlStore(create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"), owned=True)
    with pytest.raises(UsageError, match="create_tables"):
        await store.check()
    with pytest.raises(StoreDown, match="no such table"):
        await store.insert(KEY, claimed("a"))
    await store.create_tables()
    await store.create_tables()
    assert await store.check() == []
    await store.aclose()


def test_alembic_sees_the_table() -> None:
    from sqlalchemy import MetaData

    metadata = MetaData()
    assert idempotency_table(metadata) is idempotency_table(metadata)
    assert list(metadata.tables) == ["holdfast_idempotency"]


async def test_an_unfit_redis_is_told(redis_url: str) -> None:
    async with opened("redis", redis_url, None) as store:
        wrong = await store.check()
    assert [line.partition(" (")[0] for line in wrong] == ["Redis does not write its data down at once"]


async def test_a_server_that_is_gone_is_down_and_comes_back(redis_server: RedisServer) -> None:
    store = RedisStore(connect(redis_server.url, patience=1.0, connections=4), owned=True)
    assert await store.insert(KEY, claimed("a")) is None
    redis_server.kill()
    with pytest.raises(StoreDown):
        await store.insert(KEY, claimed("b"))
    redis_server.start()
    assert await store.insert(KEY, claimed("b")) is None, "a Redis that keeps nothing has forgotten the key"
    await store.aclose()


async def test_what_cannot_be_read_is_not_run_on(redis_url: str) -> None:
    async with opened("redis", redis_url, None) as store:
        await store.insert(KEY, claimed("a"))
        client: Any = connect(redis_url, patience=1.0, connections=1)
        await client.hset("holdfast:idempotency:6:tenant:key", "state", "nonsense")
        with pytest.raises(StoreDown, match="cannot be read"):
            await store.insert(KEY, claimed("b"))
        await client.aclose()
