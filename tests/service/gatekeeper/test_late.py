"""Requests that are late: cancelled, answered, or left alone once they have begun to answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from holdfast import Holdfast, remaining
from holdfast.policy.deadline.wheel import TICK
from tests.service.asgi import Answer, call, keep, lifespan, one_message, scope

pytestmark = pytest.mark.anyio


async def test_a_late_request_is_cancelled_and_answered_504(budget: Any) -> None:
    app = FastAPI()
    cancelled = []

    @app.get("/slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    Holdfast(app, budget=budget(deadline="250ms"))
    async with lifespan(app):
        answer = await call(app, "/slow")
    assert (answer.status, answer.complete, cancelled) == (504, True, [True])
    assert answer.headers["holdfast-outcome"] == "deadline"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_504_that_leaves_slowly_is_not_cut_in_its_turn(budget: Any) -> None:
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    Holdfast(app, budget=budget(deadline="50ms"))
    answer = Answer()
    keeps = keep(answer)

    async def send(message: Any) -> None:
        await asyncio.sleep(10 * TICK)
        await keeps(message)

    async with lifespan(app):
        await app(scope("/slow"), one_message(b""), send)  # type: ignore[arg-type]
    assert (answer.status, answer.complete) == (504, True)


async def test_the_caller_may_ask_for_less_and_for_more_up_to_the_cap(budget: Any) -> None:
    app = FastAPI()

    @app.get("/left")
    async def left() -> float | None:
        return remaining()

    Holdfast(app, budget=budget(deadline="2s"))
    async with lifespan(app):
        plain, less, more, grpc, nonsense = [
            json.loads((await call(app, "/left", headers=headers)).body)
            for headers in (
                {},
                {"X-Request-Timeout": "0.5"},
                {"X-Request-Timeout": "60"},
                {"grpc-timeout": "800m"},
                {"X-Request-Timeout": "soon"},
            )
        ]
    assert 1.5 < plain <= 2
    assert 0 < less <= 0.5
    assert 4.5 < more <= 5
    assert 0.5 < grpc <= 0.8
    assert 1.5 < nonsense <= 2
    assert remaining() is None


async def test_a_started_stream_outlives_the_deadline(budget: Any) -> None:
    app = FastAPI()

    async def chunks() -> Any:
        yield b"a"
        await asyncio.sleep(0.4)
        yield b"b"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    Holdfast(app, budget=budget(deadline="250ms"))
    async with lifespan(app):
        answer = await call(app, "/stream")
    assert (answer.status, answer.body, answer.complete) == (200, b"ab", True)


async def test_a_cancellation_from_elsewhere_stays_one(budget: Any) -> None:
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    hold = Holdfast(app, budget=budget(limit=1))
    async with lifespan(app):
        answer = Answer()
        task = asyncio.create_task(app(scope("/slow"), one_message(b""), keep(answer)))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert answer.status == 0
        assert hold.in_flight == 0
