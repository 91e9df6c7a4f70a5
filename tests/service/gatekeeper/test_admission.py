"""Who is let in, who waits, who is refused; permits come back."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from typing import Any

import pytest
from fastapi import FastAPI

from holdfast import Holdfast, remaining
from tests.service.asgi import Answer, call, keep, lifespan, one_message, scope

pytestmark = pytest.mark.anyio


async def test_a_request_beyond_the_limit_is_refused_with_retry_after(budget: Any) -> None:
    app = FastAPI()
    go = asyncio.Event()

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    Holdfast(app, budget=budget(limit=2))
    async with lifespan(app):
        inside = [asyncio.create_task(call(app, "/wait")) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await call(app, "/wait")
        probe = await call(app, "/livez")
        go.set()
        answers = await asyncio.gather(*inside)
        again = await call(app, "/wait")
    assert [a.status for a in answers] == [200, 200]
    assert again.status == 200
    assert probe.status == 200
    assert refused.status == 503
    assert refused.headers["holdfast-outcome"] == "shed"
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["content-type"] == "application/problem+json"
    assert json.loads(refused.body)["type"] == "urn:holdfast:shed"


async def test_a_queued_request_is_admitted_when_one_leaves(budget: Any) -> None:
    app = FastAPI()
    go = asyncio.Event()

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    Holdfast(app, budget=budget(limit=1, queue=1, wait="30s"))
    async with lifespan(app):
        first, second = (asyncio.create_task(call(app, "/wait")) for _ in range(2))
        await asyncio.sleep(0)
        third = await call(app, "/wait")
        go.set()
        assert [(await first).status, (await second).status, third.status] == [200, 200, 503]


async def test_random_cancellation_leaks_no_permit(budget: Any) -> None:
    app = FastAPI()

    @app.get("/work")
    async def work() -> None:
        for _ in range(3):
            await asyncio.sleep(random.random() * 0.004)

    hold = Holdfast(app, budget=budget(limit=4, queue=8, wait="5ms", deadline="6ms"))
    random.seed(7)
    async with lifespan(app):
        ended: list[object] = []
        for _ in range(30):
            tasks = [asyncio.create_task(call(app, "/work")) for _ in range(20)]
            for task in random.sample(tasks, 8):
                asyncio.get_running_loop().call_later(random.random() * 0.008, task.cancel)
            ended += await asyncio.gather(*tasks, return_exceptions=True)
        assert hold.in_flight == 0
        assert (await call(app, "/livez")).status == 200
        async with asyncio.timeout(10):  # the door may be closed for a while: the loop was late
            while (final := await call(app, "/work", headers={"X-Request-Timeout": "5"})).status == 503:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    kinds = {answer.status if isinstance(answer, Answer) else type(answer) for answer in ended}
    assert kinds >= {200, 503, 504, asyncio.CancelledError}
    assert final.status == 200


async def test_refusals_carry_cors_headers_where_the_app_has_cors(budget: Any) -> None:
    from fastapi.middleware.cors import CORSMiddleware

    app = FastAPI()
    go = asyncio.Event()
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    Holdfast(app, budget=budget(limit=1))
    async with lifespan(app):
        inside = asyncio.create_task(call(app, "/wait"))
        await asyncio.sleep(0)
        refused = await call(app, "/wait", headers={"Origin": "https://shop.example"})
        go.set()
        await inside
    assert refused.status == 503
    assert refused.headers["access-control-allow-origin"] == "https://shop.example"


async def test_a_thread_keeps_its_permit_until_it_ends(budget: Any) -> None:
    """The caller gets the 504 in time; no more threads run than were admitted."""
    app = FastAPI()
    release = threading.Event()
    inside = threading.Semaphore(0)

    @app.get("/thread")
    def thread() -> str:
        inside.release()
        release.wait(30)
        return "too late"

    hold = Holdfast(app, budget=budget(limit=2, deadline="250ms"))
    async with lifespan(app):
        answers = [Answer(), Answer()]
        requests = [
            asyncio.ensure_future(app(scope("/thread"), one_message(b""), keep(answer)))  # type: ignore[arg-type]
            for answer in answers
        ]
        while not all(answer.complete for answer in answers):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.005)
        assert [answer.status for answer in answers] == [504, 504]
        assert hold.in_flight == 2, "the threads still run"
        assert (await call(app, "/thread")).status == 503
        release.set()
        await asyncio.gather(*requests)
        assert hold.in_flight == 0
    assert [answer.status for answer in answers] == [504, 504], "what the thread said was dropped"
    assert inside.acquire(blocking=False)
    assert inside.acquire(blocking=False)
    assert not inside.acquire(blocking=False)


async def test_time_in_the_queue_counts(budget: Any) -> None:
    app = FastAPI()
    go = asyncio.Event()

    @app.get("/left")
    async def left() -> float | None:
        await go.wait()
        return remaining()

    Holdfast(app, budget=budget(limit=1, queue=1, wait="5s", deadline="5s"))
    async with lifespan(app):
        first = asyncio.create_task(call(app, "/left"))
        await asyncio.sleep(0)
        second = asyncio.create_task(call(app, "/left", headers={"X-Request-Timeout": "0.02"}))
        await asyncio.sleep(0.1)
        go.set()
        answers = await asyncio.gather(first, second)
    assert [answer.status for answer in answers] == [200, 504]
