"""Threads and processes of requests: they end with the deadline, and too many are refused."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest
from fastapi import FastAPI

from holdfast import Holdfast
from tests.loop.offload.calls import pid, sleep
from tests.service.asgi import call, lifespan
from tests.service.deadlines.begun import begin
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio


async def test_a_process_ends_with_the_deadline(budget: Any) -> None:
    app = FastAPI()
    hold = Holdfast(app, budget=budget(default="4s"))

    @app.get("/pid")
    async def who() -> int:
        return await hold.to_process(pid)

    @app.get("/slow")
    async def slow() -> float:
        return await hold.to_process(sleep, 60)

    async with lifespan(app):
        before = (await call(app, "/pid")).body
        assert (await call(app, "/pid")).body == before
        late = await call(app, "/slow", headers={"X-Request-Timeout": "0.2"})
        assert late.status == 504
        after = (await call(app, "/pid")).body
    assert after != before


async def test_too_many_calls_for_threads_are_refused_clearly(budget: Any) -> None:
    app = FastAPI()
    release = threading.Event()
    hold = Holdfast(app, budget=budget(limit=2, threads=1))

    @app.get("/many")
    async def many() -> None:
        await asyncio.gather(*(hold.to_thread(release.wait, 30) for _ in range(4)))

    async with lifespan(app):
        answer, request = begin(app, "/many")
        await until(lambda: answer.complete)
        assert answer.status == 503
        assert answer.headers["holdfast-outcome"] == "shed"
        assert "threads" in json.loads(answer.body)["detail"]
        release.set()
        await request
