"""Thousands of requests that end in any way leave nothing."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import anyio.to_thread
import pytest
from fastapi import Depends, FastAPI

from holdfast import Holdfast, deadline
from holdfast.loop.offload.threads import Threads
from tests.loop.offload.calls import Crowd
from tests.service.asgi import lifespan
from tests.service.deadlines.begun import begin
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio


async def test_thousands_of_random_ends_leave_nothing(budget: Any, app: FastAPI) -> None:
    """Deadlines, cancellations by the server, threads, shielded writes: everything comes back to zero."""
    rng, crowd, commits = random.Random(3), Crowd(), Counter[str]()

    async def commit() -> None:
        commits["begun"] += 1
        await asyncio.sleep(rng.random() * 0.01)
        commits["done"] += 1

    def dependency() -> None:
        crowd.work(rng.random() * 0.004)

    @app.get("/thread")
    def thread(first: None = Depends(dependency)) -> None:
        crowd.work(rng.random() * 0.008)

    @app.get("/own")
    async def own() -> None:
        await hold.to_thread(crowd.work, rng.random() * 0.012)

    @app.get("/commit")
    async def write() -> None:
        await deadline.shield(commit())

    hold = Holdfast(app, budget=budget(limit=16, default="8ms", threads=4))
    statuses: Counter[int] = Counter()
    async with lifespan(app):
        threads = anyio.to_thread.current_default_thread_limiter()
        assert isinstance(threads, Threads)
        idle = len(asyncio.all_tasks())
        for _ in range(100):
            begun = [begin(app, rng.choice(("/thread", "/own", "/commit"))) for _ in range(20)]
            for _, task in rng.sample(begun, 6):
                asyncio.get_running_loop().call_later(rng.random() * 0.012, task.cancel)
            ends = await asyncio.gather(*(task for _, task in begun), return_exceptions=True)
            assert {type(end) for end in ends} <= {type(None), asyncio.CancelledError}
            statuses.update(answer.status for answer, _ in begun)
        await until(lambda: threads.slots.used == 0)
        assert hold.in_flight == 0
        assert threads.slots.waiting == 0
        assert crowd.inside == 0
        assert crowd.most <= 4
        assert commits["begun"] == commits["done"] > 0
        await until(lambda: len(asyncio.all_tasks()) <= idle)
    assert {200, 503, 504} <= set(statuses)
