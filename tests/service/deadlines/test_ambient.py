"""How much time there is: by route, by what the caller asks, in everything below."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from starlette.responses import StreamingResponse

from holdfast import Holdfast, deadline, errors, remaining, to_thread
from tests.loop.offload.calls import sleep
from tests.service.asgi import call, lifespan

pytestmark = pytest.mark.anyio


async def test_a_route_has_a_deadline_of_its_own(budget: Any, caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()

    @app.get("/report/{name}")
    async def report(name: str) -> float | None:
        return remaining()

    @app.get("/other")
    async def other() -> float | None:
        return remaining()

    Holdfast(app, budget=budget())
    with caplog.at_level(logging.WARNING, "holdfast"):
        async with lifespan(app):
            left = {
                (path, asked): json.loads(
                    (await call(app, path, headers={"X-Request-Timeout": asked} if asked else None)).body
                )
                for path in ("/report/7", "/other")
                for asked in ("", "1", "60")
            }
    assert 19 < left["/report/7", ""] <= 20
    assert 0 < left["/report/7", "1"] <= 1
    assert 19 < left["/report/7", "60"] <= 20, "the cap is below the route's own"
    assert 1 < left["/other", ""] <= 2
    assert 3 < left["/other", "60"] <= 4
    assert '"GET /quick", which is no route of the app' in caplog.text


async def test_the_deadline_crosses_tasks_and_threads(budget: Any) -> None:
    app = FastAPI()

    def dependency() -> float | None:
        return remaining()

    @app.get("/")
    def root(first: float = Depends(dependency)) -> list[float | None]:
        return [first, remaining()]

    @app.get("/tasks")
    async def tasks() -> list[float | None]:
        async def child() -> float | None:
            return await to_thread(deadline.remaining)

        return [await asyncio.create_task(child()), await asyncio.to_thread(remaining)]

    Holdfast(app, budget=budget())
    async with lifespan(app):
        for path in ("/", "/tasks"):
            seen = json.loads((await call(app, path)).body)
            assert len(seen) == 2
            assert all(0 < left <= 2 for left in seen), path


async def test_at_most_is_a_tighter_deadline_below(budget: Any) -> None:
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        try:
            async with deadline.at_most(0.02):
                await asyncio.sleep(60)
        except errors.DeadlineExceeded:
            return "without it"
        return ""

    @app.get("/uncaught")
    async def uncaught() -> None:
        async with deadline.at_most(0.02):
            await asyncio.sleep(60)

    Holdfast(app, budget=budget(default="4s"))
    async with lifespan(app):
        assert (await call(app, "/")).body == b'"without it"'
        assert (await call(app, "/uncaught")).status == 504


async def test_a_request_within_a_request_keeps_the_outer_deadline(budget: Any) -> None:
    app = FastAPI()

    @app.get("/outer")
    async def outer() -> list[float | None]:
        before = remaining()
        assert (await call(app, "/inner")).status == 200
        return [before, remaining()]

    @app.get("/inner")
    async def inner() -> None:
        pass

    Holdfast(app, budget=budget())
    async with lifespan(app):
        before, after = json.loads((await call(app, "/outer")).body)
    assert 0 < after <= before <= 2


async def test_once_the_answer_has_begun_the_deadline_counts_no_more(budget: Any) -> None:
    """The rest of a stream, a dependency's end and background tasks are not refused for being late."""
    app, seen = FastAPI(), []

    async def session() -> AsyncIterator[None]:
        yield
        seen.append(("dependency", remaining()))

    def in_a_thread() -> None:
        seen.append(("thread", remaining()))

    async def in_a_task() -> None:
        await asyncio.sleep(0.4)
        seen.append(("task", remaining()))

    @app.get("/after", dependencies=[Depends(session)])
    async def after(tasks: BackgroundTasks) -> None:
        assert remaining() is not None
        tasks.add_task(in_a_task)
        tasks.add_task(in_a_thread)

    def chunks() -> Iterator[bytes]:
        yield b"a"
        sleep(0.4)
        yield b"b"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    Holdfast(app, budget=budget(default="300ms"))
    async with lifespan(app):
        assert (await call(app, "/after")).status == 200
        assert sorted(seen) == [("dependency", None), ("task", None), ("thread", None)]
        assert (await call(app, "/stream")).body == b"ab"
    assert remaining() is None
