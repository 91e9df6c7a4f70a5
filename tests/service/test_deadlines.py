"""Deadlines by route, what cannot be cut, and that the caller has his 504 all the same."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Request
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response, StreamingResponse

from holdfast import Holdfast, deadline, errors, remaining, to_thread
from holdfast.loop.offload.threads import Threads
from tests.loop.offload.calls import Crowd, pid, sleep
from tests.service.asgi import Answer, call, keep, lifespan, one_message, scope
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "test"
workers = 1
[admission]
limit = {limit}
queue = 0
wait = "0s"
[deadline]
default = "{default}"
cap = "4s"
route."GET /report/{{name}}" = "20s"
route."GET /quick" = "500ms"
[offload]
threads = {threads}
processes = 1
"""


@pytest.fixture
def budget(tmp_path: Path) -> Any:
    def write(limit: int = 8, default: str = "2s", threads: int = 4) -> Path:
        path = tmp_path / "holdfast.toml"
        path.write_text(BUDGET.format(limit=limit, default=default, threads=threads))
        return path

    return write


class Through(BaseHTTPMiddleware):
    """Runs the app in a task of its own, as every such middleware does."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


@pytest.fixture(params=["plain", "BaseHTTPMiddleware"])
def app(request: pytest.FixtureRequest) -> FastAPI:
    app = FastAPI()
    if request.param != "plain":
        app.add_middleware(Through)
    return app


def begin(app: FastAPI, path: str, **headers: str) -> tuple[Answer, asyncio.Task[None]]:
    answer = Answer()
    asked = app(scope(path, headers=headers), one_message(b""), keep(answer))
    return answer, asyncio.ensure_future(asked)


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
