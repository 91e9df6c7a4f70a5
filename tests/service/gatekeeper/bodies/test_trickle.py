"""Clients who send a little now and then, so that they never stop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import Request

from holdfast.service.gatekeeper.bodies import Bodies
from tests.service.asgi import lifespan
from tests.service.gatekeeper.bodies.held import SOON, Held, Upload, empty
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio

FULL = b"x" * 70_000


async def trickle(upload: Upload, part: bytes) -> None:
    while not upload.task.done():
        upload.send(part)
        await asyncio.sleep(SOON / 5)


@pytest.mark.parametrize(("part", "ended"), [(b"x", True), (b"x" * 5_000, False)])
async def test_bytes_pay_for_time_and_a_byte_now_and_then_does_not(
    budget: Any, made: list[Bodies], part: bytes, ended: bool
) -> None:
    held = Held(budget, limit=4)
    async with lifespan(held.app):
        first = [held.post(FULL, content_length="10000000") for _ in range(2)]
        await until(lambda: held.hold.in_flight == 2)
        sending = [asyncio.create_task(trickle(upload, part)) for upload in first]
        await asyncio.sleep(2 * SOON)
        silent = held.post(FULL, content_length="10000000")  # one more than may stand still
        if ended:
            await until(lambda: any(upload.task.done() for upload in first))
            assert {upload.answer.status for upload in first} == {0, 408}, "who has lagged for longest"
        else:
            await asyncio.sleep(4 * SOON)
            assert not any(upload.task.done() for upload in first)
        for task in sending:
            task.cancel()
        await asyncio.wait(sending)
        for upload in (*first, silent):
            upload.send(b"", more=False)
            await upload.task
        assert empty(made)


async def test_time_that_the_app_takes_is_not_the_client_s(budget: Any, made: list[Bodies]) -> None:
    held = Held(budget, limit=2)
    busy = asyncio.Event()

    @held.app.post("/busy")
    async def works(request: Request) -> int:
        size = 0
        async for part in request.stream():
            size += len(part)
            await busy.wait()
        return size

    async with lifespan(held.app):
        one = held.post(FULL, content_length="10000000", path="/busy")
        other = held.post(FULL, content_length="10000000", path="/busy")
        await until(lambda: held.hold.in_flight == 2)
        await asyncio.sleep(3 * SOON)
        before = made[0].now()
        busy.set()
        await until(lambda: made[0].standing == 2)
        assert min(made[0]._standing.values()) >= before
        for upload in (one, other):
            upload.send(b"", more=False)
            await upload.task
        assert empty(made)
