"""The service, and the ways in which it is held: each function returns an app."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from time import thread_time_ns
from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.overload.dial import Dial

__all__ = ["TUNED", "bare", "burn", "depends", "held", "semaphore"]

TUNED = 30
"""Requests at a time, found by hand for 1 ms of CPU, 20 ms awaited, 1 ms of CPU: a third more waits than
keeps the core busy, and far less than the objective allows."""

_STEP = range(100)


def burn(seconds: float) -> None:
    """Use CPU for so long, in CPU time: what the machine gives to others meanwhile does not count."""
    end = thread_time_ns() + round(seconds * 1e9)
    while thread_time_ns() < end:
        for _ in _STEP:  # asking the time is a system call; a step takes some microseconds
            pass


async def _work(dial: Dial) -> dict[str, str]:
    cpu, awaited = dial.read()
    burn(cpu)
    await asyncio.sleep(awaited)
    burn(cpu)
    return {"status": "done"}


def bare() -> FastAPI:
    """FastAPI alone."""
    dial = Dial.of(os.environ)
    app = FastAPI()

    @app.get("/work")
    @app.post("/critical")
    async def work() -> dict[str, str]:
        return await _work(dial)

    return app


def held() -> FastAPI:
    """FastAPI with `Holdfast(app)`; its budget is what the server names."""
    from holdfast import Holdfast

    app = bare()
    Holdfast(app)
    return app


async def _permit() -> AsyncIterator[None]:
    yield


Permit = Annotated[None, Depends(_permit, max_concurrency=TUNED)]
"""Held until the answer is out; routes that name it share its limit."""


def depends() -> FastAPI:
    """FastAPI's own limit, with the number that was tuned by hand: who comes later waits."""
    dial = Dial.of(os.environ)
    app = FastAPI()

    @app.get("/work")
    @app.post("/critical")
    async def work(_: Permit) -> dict[str, str]:
        return await _work(dial)

    return app


def semaphore() -> ASGIApp:
    """FastAPI in the usual middleware, with the number that was tuned by hand: who comes later is refused."""
    return Semaphore(bare(), TUNED)


class Semaphore:
    """At most `limit` requests at a time; 503 for who comes then."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._inside >= self._limit:
            headers = [(b"content-length", b"4"), (b"content-type", b"text/plain"), (b"retry-after", b"1")]
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": b"full"})
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
