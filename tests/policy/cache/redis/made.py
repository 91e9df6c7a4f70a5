"""Workers on a shared Redis, as each process has one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from holdfast.events import Bus, CacheUsed
from holdfast.policy.cache import CacheGuard, Lease, Record, Source
from holdfast.policy.cache.store import RedisStore
from holdfast.policy.store import StoreUnavailable
from holdfast.policy.store.redis import connect
from tests.policy.cache.made import NUMBERS, Work, config, until

PATIENCE = 5.0
"""Seconds: longer than this machine ever stands still."""

TAGGED = Source(NUMBERS.codec, lambda value: ("odd",) if value % 2 else ())


def store(url: str, *, lease: float = 10.0, patience: float = PATIENCE) -> RedisStore:
    return RedisStore(lambda: connect(url, patience=patience), "product", lease=lease, patience=patience)


class Worker:
    """A guard on the shared Redis, as each process has one."""

    def __init__(self, url: str, *, lease: float = 10.0, patience: float = PATIENCE, **changes: Any) -> None:
        self.told: list[str] = []
        bus = Bus()
        bus.subscribe(CacheUsed, lambda event: self.told.append(event.outcome))
        self.store = store(url, lease=lease, patience=patience)
        self.guard = CacheGuard(config(lease=lease, **changes), bus=bus, shared=self.store)

    async def ask(
        self, work: Work, source: Source[Any] = NUMBERS, *, key: str = "k", lent: bool = False
    ) -> Any:
        return await self.guard.obtain(key, source, work, lent=lent)


@asynccontextmanager
async def workers(url: str, count: int = 2, **options: Any) -> AsyncIterator[list[Worker]]:
    made = [Worker(url, **options) for _ in range(count)]
    try:
        for worker in made:
            await worker.guard.start()
        await until(lambda: all(worker.store.listening for worker in made))
        yield made
    finally:
        for worker in made:
            await worker.guard.aclose()


def record(number: int, *tags: str, seconds: float = 60.0) -> Record:
    now = time.time()
    return Record(str(number).encode(), now + seconds, now + seconds, 0.1, False, tags, bytes([number]) * 8)


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[RedisStore]:
    made = store(url, **options)
    try:
        yield made
    finally:
        await made.aclose()


async def begun(redis: RedisStore, key: str = "k", known: bytes = b"") -> Lease:
    lease = await redis.begin(key, known)
    assert isinstance(lease, Lease)
    return lease


async def until_answers(redis: RedisStore, key: str) -> None:
    limit = time.monotonic() + 20
    while True:
        try:
            await redis.look(key)
        except StoreUnavailable:
            assert time.monotonic() < limit
            await asyncio.sleep(0.02)
        else:
            return
