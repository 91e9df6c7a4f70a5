"""What requests teach the limit: how long the service took, and what it failed at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from holdfast import Holdfast
from holdfast.policy.admission import Gate
from tests.service.asgi import Answer, call, keep, lifespan, scope
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio


class Learning:
    """A limit; that it is not fixed is all that matters."""

    value = 8

    def learn(self, window: Any) -> None: ...


class Noting(Gate):
    """Counts what it is told."""

    __slots__ = ("answered", "failed")

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.answered = self.failed = 0

    def note(self, now: float, latency: float) -> None:
        self.answered += 1

    def note_failure(self) -> None:
        self.failed += 1


class Held:
    def __init__(self, path: Path) -> None:
        self.app = FastAPI()
        self.leave = asyncio.Event()
        self.gates: list[Noting] = []

        @self.app.get("/wait")
        async def wait() -> None:
            await self.leave.wait()

        @self.app.get("/error")
        async def error() -> None:
            raise OSError("as ordered")

        @self.app.post("/read")
        async def read(request: Request) -> int:
            return len(await request.body())

        def gate(*arguments: Any) -> Noting:
            self.gates.append(Noting(*arguments))
            return self.gates[0]

        self.hold = Holdfast(self.app, budget=path, limit=lambda _: Learning(), gate=gate)

    async def ask(self, path: str, asked: str = "") -> int:
        answer = await call(self.app, path, headers={"X-Request-Timeout": asked} if asked else {})
        return answer.status

    @property
    def told(self) -> tuple[int, int]:
        """How many answers, and how many failures."""
        return self.gates[0].answered, self.gates[0].failed


async def test_what_is_too_late_for_the_service_is_a_failure(budget: Any) -> None:
    held = Held(budget(deadline="50ms"))
    async with lifespan(held.app):
        assert [await held.ask("/wait"), await held.ask("/wait", "80ms")] == [504, 504]
        assert held.told == (0, 2)


async def test_what_is_too_late_for_a_caller_in_a_hurry_is_none(budget: Any) -> None:
    held = Held(budget())
    async with lifespan(held.app):
        assert [await held.ask("/wait", "10ms"), await held.ask("/wait", "1ms")] == [504, 504]
        assert held.told == (0, 0)


async def test_an_error_is_a_failure_whoever_is_in_a_hurry(budget: Any) -> None:
    held = Held(budget())
    async with lifespan(held.app):
        with pytest.raises(OSError, match="as ordered"):
            await held.ask("/error", "1s")
        held.leave.set()
        assert await held.ask("/wait", "1s") == 200
        assert held.told == (1, 1)


async def test_what_ran_out_of_time_in_the_queue_is_none(budget: Any) -> None:
    held = Held(budget(queue=4, wait="4s"))
    async with lifespan(held.app):
        inside = [asyncio.ensure_future(held.ask("/wait")) for _ in range(8)]
        await until(lambda: held.hold.in_flight == 8)
        waiting = asyncio.ensure_future(held.ask("/wait", "1ms"))
        await until(lambda: held.gates[0].queued == 1)
        await asyncio.sleep(0.01)
        held.leave.set()
        assert await asyncio.gather(*inside) == [200] * 8
        assert await waiting == 504
        assert held.told == (8, 0)


async def test_a_client_s_own_time_teaches_nothing(budget: Any) -> None:
    held = Held(budget())
    answer = Answer()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    headers = {"Content-Length": "1", "Expect": "100-continue"}  # the app asks, and the client takes his time
    asked = scope("/read", method="POST", headers=headers)
    async with lifespan(held.app):
        upload = asyncio.ensure_future(held.app(asked, sent.get, keep(answer)))  # type: ignore[arg-type]
        await until(lambda: held.hold.in_flight == 1)
        sent.put_nowait({"type": "http.request", "body": b"x", "more_body": False})
        await upload
        assert answer.status == 200
        assert held.told == (0, 0)
