"""What cannot be cut goes on; the caller has his 504 all the same."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio.to_thread
import pytest
from fastapi import Depends, FastAPI

from holdfast import Holdfast, deadline, remaining
from holdfast.loop.offload.threads import Threads
from tests.service.asgi import lifespan
from tests.service.deadlines.begun import begin
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio


async def test_a_thread_is_not_waited_for_and_keeps_slot_and_permit(budget: Any, app: FastAPI) -> None:
    release = threading.Event()
    steps: list[str] = []

    async def session() -> AsyncIterator[str]:
        try:
            yield "open"
        finally:
            steps.append("closed")

    @app.get("/thread")
    def thread(session: str = Depends(session)) -> str:
        release.wait(30)
        steps.append("thread ended")
        return "too late"

    hold = Holdfast(app, budget=budget(limit=2, default="250ms"))
    async with lifespan(app):
        threads = anyio.to_thread.current_default_thread_limiter()
        assert isinstance(threads, Threads)
        answer, request = begin(app, "/thread")
        await until(lambda: answer.complete)
        assert answer.status == 504
        assert answer.headers["holdfast-outcome"] == "deadline"
        assert (threads.slots.used, hold.in_flight, steps) == (1, 1, [])
        release.set()
        await request
        assert (threads.slots.used, hold.in_flight) == (0, 0)
        assert steps == ["thread ended", "closed"]


async def test_what_is_shielded_is_not_cut(budget: Any, app: FastAPI) -> None:
    steps: list[object] = []
    go = asyncio.Event()

    async def commit() -> None:
        await go.wait()
        steps.append(remaining())

    @app.get("/commit")
    async def write() -> str:
        try:
            await deadline.shield(commit())
            steps.append("never")
        finally:
            steps.append("closed")
        return "too late"

    hold = Holdfast(app, budget=budget(default="250ms"))
    async with lifespan(app):
        answer, request = begin(app, "/commit")
        await until(lambda: answer.complete)
        assert (answer.status, hold.in_flight, steps) == (504, 1, [])
        go.set()
        await request
        assert steps == [None, "closed"]
        assert hold.in_flight == 0


async def test_a_handler_that_cleans_up_does_not_delay_the_answer(budget: Any) -> None:
    app = FastAPI()
    cleaned = asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await cleaned.wait()
            raise
        return ""

    @app.get("/deaf")
    async def deaf() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await cleaned.wait()
        return "I go on"

    hold = Holdfast(app, budget=budget(default="250ms"))
    async with lifespan(app):
        for path in ("/slow", "/deaf"):
            cleaned.clear()
            answer, request = begin(app, path)
            await until(lambda answer=answer: answer.complete)  # type: ignore[misc]
            assert (answer.status, hold.in_flight) == (504, 1)
            cleaned.set()
            await request
            assert hold.in_flight == 0


async def test_behind_a_real_server_the_connection_goes_on(budget: Any, app: FastAPI) -> None:
    release = threading.Event()

    @app.get("/thread")
    def thread() -> None:
        release.wait(30)

    @app.get("/fast")
    async def fast() -> str:
        return "here"

    hold = Holdfast(app, budget=budget(default="300ms"))
    async with served(app) as port:
        client = await Client.to(port)
        status, _ = await client.get("/thread")
        assert (status, hold.in_flight) == (504, 1)
        assert await client.get("/fast") == (200, b'"here"'), "while the thread still runs"
        assert hold.in_flight == 1
        release.set()
        await until(lambda: hold.in_flight == 0)
        assert await client.get("/fast") == (200, b'"here"')
        await client.close()
