"""What a worker does with what it has when it missed what was said, and when an answer of Redis was lost."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import ConnectionError as Lost

from holdfast.clock import VirtualClock
from holdfast.policy.cache import Lease, Record
from holdfast.policy.cache.core import Entry
from holdfast.policy.cache.store.memory import MemoryStore
from holdfast.policy.cache.store.script import FILL, RELEASE
from holdfast.policy.cache.store.wire import Wire
from holdfast.policy.store import StoreUnavailable
from tests.policy.cache.made import NUMBERS, Rig, Work, turns, until
from tests.policy.cache.redis.made import PATIENCE, Worker, store, workers
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.anyio


def test_nothing_is_fresh_after_a_gap_and_what_may_be_stale_stays() -> None:
    memory = MemoryStore(1 << 20)
    memory.put(Entry("kept", 1, expires=100.0, gone=130.0, stamp=b"1"))
    memory.put(Entry("strict", 1, expires=100.0, gone=100.0))
    memory.expire(50.0)
    assert list(memory.entries) == ["kept"]
    entry = memory.entries["kept"]
    assert (entry.expires, entry.gone, entry.stamp) == (50.0, 130.0, b"")
    assert entry.watch <= 50.0
    memory.expire(70.0)
    assert entry.expires == 50.0


class Told:
    """A shared store that is not there, and whose gaps are told."""

    def listen(self, gone: Any) -> None:
        self.gone = gone

    async def look(self, key: str) -> Record | None:
        raise StoreUnavailable("paused")

    async def begin(self, key: str, known: bytes) -> Record | Lease | None:
        raise StoreUnavailable("paused")


@pytest.mark.parametrize(("stale", "served"), [(30.0, 1), (0.0, 2)])
async def test_after_a_gap_the_old_value_is_served_where_that_was_decided(stale: float, served: int) -> None:
    shared: Any = Told()
    rig = Rig(shared=shared, stale=stale)
    assert await rig.guard.obtain("k", NUMBERS, Work(1)) == 1
    shared.gone("gap", "")
    assert rig.guard.hit("k") is None
    anew = Work(2)
    assert await rig.guard.obtain("k", NUMBERS, anew) == served
    await turns(20)
    assert anew.begun == 1
    assert await rig.guard.obtain("k", NUMBERS, Work(3)) == 2
    await rig.guard.flights.aclose()


async def test_after_a_gap_what_redis_still_has_is_not_computed(redis_server: RedisServer) -> None:
    async with workers(redis_server.url, 1, stale=30.0) as [worker]:
        assert await worker.ask(Work(1)) == 1
        cut = worker.guard.memory.entries["k"]
        redis_server.command("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: cut.stamp == b"")
        never = Work(2)
        assert await worker.ask(never) == 1
        await until(lambda: worker.guard.hit("k") is not None)
        assert never.begun == 0


def deaf(worker: Worker, script: Any, *, arrives: bool) -> None:
    """Let the answer to `script` be lost, or the command before it arrives."""
    wire: Any = worker.store._wire
    run = wire.run

    class Cut:
        def __getattr__(self, name: str) -> Any:
            return getattr(wire, name)

        async def run(self, asked: Any, *words: Any) -> Any:
            if asked is not script:
                return await run(asked, *words)
            if arrives:
                await run(asked, *words)
            raise StoreUnavailable("connection")

    worker.store._wire = Cut()  # type: ignore[assignment]


@pytest.mark.parametrize("arrives", [False, True])
@pytest.mark.parametrize("script", [FILL, RELEASE], ids=["fill", "release"])
async def test_a_lease_whose_end_was_lost_keeps_nobody_waiting(
    redis_url: str, script: Any, arrives: bool
) -> None:
    async with workers(redis_url, 1, lease=600.0) as [worker]:
        deaf(worker, script, arrives=arrives)
        failing = Work(RuntimeError("no"))
        if script is RELEASE:
            with pytest.raises(RuntimeError):
                await worker.ask(failing)
        else:
            assert await worker.ask(Work(1)) == 1
            worker.guard.memory.clear()
        await worker.guard._tier.settle()  # type: ignore[union-attr]
        assert await worker.ask(Work(2)) in (1, 2)


async def test_a_lease_that_is_held_elsewhere_is_not_taken_by_a_fence_in_doubt(redis_url: str) -> None:
    mine, other = store(redis_url), store(redis_url)
    try:
        lease = await mine.begin("k", b"")
        assert isinstance(lease, Lease)
        mine._doubt("k", lease.fence)
        await mine._wire.run(RELEASE, [f"{mine._prefix}:l:k"], lease.fence)
        assert isinstance(await other.begin("k", b""), Lease)
        assert await mine.begin("k", b"") is None
    finally:
        await mine.aclose()
        await other.aclose()


class Breaking(Wire):
    """A wire on which every command is lost at its first try."""

    __slots__ = ("answered", "tries")

    async def _once(self, words: tuple[Any, ...]) -> Any:
        self.tries += 1
        if words[0] not in self.answered:
            self.answered.add(words[0])
            raise Lost("reset")
        return b"OK"


async def test_of_the_commands_a_share_is_repeated() -> None:
    clock = VirtualClock(1000.0)
    wire = Breaking(lambda: None, patience=PATIENCE, clock=clock)  # type: ignore[arg-type, return-value]
    wire.tries, wire.answered = 0, set()
    lost = 0
    for number in range(500):
        clock.advance(0.1)
        try:
            await wire.send(str(number))
        except StoreUnavailable as error:
            lost += error.why != "paused"
    asked = len(wire.answered)
    assert asked + 1 < wire.tries <= 1.2 * asked + 10
    assert lost > 0
