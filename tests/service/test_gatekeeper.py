from __future__ import annotations

import asyncio
import json
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import StreamingResponse

from holdfast import Holdfast, errors, remaining, request_id
from holdfast.policy.retry import layer
from holdfast.telemetry import process
from holdfast.telemetry.buckets import FIRST_BUCKET
from tests.service.asgi import Answer, call, keep, lifespan, one_message, scope

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "test"
workers = 1
[objective]
p99 = "4ms"
[admission]
limit = {limit}
queue = {queue}
wait = "{wait}"
[deadline]
default = "{deadline}"
cap = "5s"
"""


@pytest.fixture
def budget(tmp_path: Path) -> Any:
    def write(limit: int = 8, queue: int = 0, wait: str = "50ms", deadline: str = "2s") -> Path:
        path = tmp_path / "holdfast.toml"
        path.write_text(BUDGET.format(limit=limit, queue=queue, wait=wait, deadline=deadline))
        return path

    return write


def held(app: FastAPI, budget: Path) -> Holdfast:
    return Holdfast(app, budget=budget)


def counted(row: str) -> int:
    return sum(sum(cells[FIRST_BUCKET:]) for name, cells in process.slot().requests.rows() if name == row)


async def test_an_answer_carries_the_request_id(budget: Any) -> None:
    app = FastAPI()

    @app.get("/id")
    async def id_() -> str:
        return request_id()

    held(app, budget())
    async with lifespan(app):
        made = await call(app, "/id")
        given = await call(app, "/id", headers={"X-Request-Id": "abc-123"})
        forged = await call(app, "/id", headers={"X-Request-Id": "a b\x01"})
    assert made.headers["x-request-id"] == json.loads(made.body)
    assert given.headers["x-request-id"] == json.loads(given.body) == "abc-123"
    assert forged.headers["x-request-id"] == json.loads(forged.body) not in ("", "a b\x01")
    assert made.headers["x-request-id"] != forged.headers["x-request-id"]
    assert request_id() == ""


async def test_latency_is_noted_by_route_template_and_status_class(budget: Any) -> None:
    app, router = FastAPI(), APIRouter(prefix="/v1")

    @router.get("/items/{item}")
    async def item(item: int) -> int:
        if item == 7:
            raise HTTPException(404)
        return item

    app.include_router(router)
    held(app, budget())
    rows = ["GET /v1/items/{item}\t2xx", "GET /v1/items/{item}\t4xx", "GET (unmatched)\t4xx"]
    before = [counted(row) for row in rows]
    async with lifespan(app):
        for path in ("/v1/items/1", "/v1/items/2", "/v1/items/7", "/nowhere", "/else"):
            await call(app, path)
    assert [counted(row) - b for row, b in zip(rows, before, strict=True)] == [2, 1, 2]


async def test_a_request_beyond_the_limit_is_refused_with_retry_after(budget: Any) -> None:
    app = FastAPI()
    go = asyncio.Event()

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    held(app, budget(limit=2))
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

    held(app, budget(limit=1, queue=1, wait="30s"))
    async with lifespan(app):
        first, second = (asyncio.create_task(call(app, "/wait")) for _ in range(2))
        await asyncio.sleep(0)
        third = await call(app, "/wait")
        go.set()
        assert [(await first).status, (await second).status, third.status] == [200, 200, 503]


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

    held(app, budget(deadline="50ms"))
    async with lifespan(app):
        answer = await call(app, "/slow")
    assert (answer.status, answer.complete, cancelled) == (504, True, [True])
    assert answer.headers["holdfast-outcome"] == "deadline"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_the_caller_may_ask_for_less_and_for_more_up_to_the_cap(budget: Any) -> None:
    app = FastAPI()

    @app.get("/left")
    async def left() -> float | None:
        return remaining()

    held(app, budget(deadline="2s"))
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
        await asyncio.sleep(0.15)
        yield b"b"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    held(app, budget(deadline="50ms"))
    async with lifespan(app):
        answer = await call(app, "/stream")
    assert (answer.status, answer.body, answer.complete) == (200, b"ab", True)


async def test_a_cancellation_from_elsewhere_stays_one(budget: Any) -> None:
    app = FastAPI()

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(30)

    hold = held(app, budget(limit=1))
    async with lifespan(app):
        answer = Answer()
        task = asyncio.create_task(app(scope("/slow"), one_message(b""), keep(answer)))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert answer.status == 0
        assert inside(hold) == 0


def inside(hold: Holdfast) -> int:
    return hold.in_flight


async def test_random_cancellation_leaks_no_permit(budget: Any) -> None:
    app = FastAPI()

    @app.get("/work")
    async def work() -> None:
        for _ in range(3):
            await asyncio.sleep(random.random() * 0.004)

    hold = held(app, budget(limit=4, queue=8, wait="5ms", deadline="6ms"))
    random.seed(7)
    async with lifespan(app):
        ended: list[object] = []
        for _ in range(30):
            tasks = [asyncio.create_task(call(app, "/work")) for _ in range(20)]
            for task in random.sample(tasks, 8):
                asyncio.get_running_loop().call_later(random.random() * 0.008, task.cancel)
            ended += await asyncio.gather(*tasks, return_exceptions=True)
        assert inside(hold) == 0
        assert (await call(app, "/livez")).status == 200
        final = await call(app, "/work", headers={"X-Request-Timeout": "5"})
    kinds = {answer.status if isinstance(answer, Answer) else type(answer) for answer in ended}
    assert kinds >= {200, 503, 504, asyncio.CancelledError}
    assert final.status == 200


async def test_a_refusal_raised_in_a_handler_becomes_its_status(budget: Any) -> None:
    app = FastAPI()

    @app.get("/pay")
    async def pay() -> None:
        raise errors.BreakerOpen("payments", retry_after=2.2)

    held(app, budget())
    async with lifespan(app):
        answer = await call(app, "/pay")
    said = json.loads(answer.body)
    assert answer.status == said["status"] == 503
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["holdfast-outcome"] == "dependency"
    assert (said["dependency"], said["type"]) == ("payments", "urn:holdfast:dependency")
    assert said["request_id"] == answer.headers["x-request-id"]


async def test_an_error_becomes_a_problem_without_its_words(budget: Any) -> None:
    app = FastAPI()

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError("the password is swordfish")

    held(app, budget())
    async with lifespan(app):
        answer = Answer()
        with pytest.raises(ValueError, match="swordfish"):  # the server logs it, as without holdfast
            await app(scope("/boom"), one_message(b""), keep(answer))  # type: ignore[arg-type]
        assert answer.status == 500
        assert b"swordfish" not in answer.body
        assert b"Traceback" not in answer.body
        assert json.loads(answer.body)["request_id"] == answer.headers["x-request-id"]


async def test_the_app_s_own_handlers_stay(budget: Any) -> None:
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse

    app = FastAPI()

    @app.exception_handler(Exception)
    async def own(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("ours", status_code=500)

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError("ours too")

    held(app, budget())
    async with lifespan(app):
        answer = Answer()
        with pytest.raises(ValueError, match="ours too"):
            await app(scope("/boom"), one_message(b""), keep(answer))  # type: ignore[arg-type]
    assert answer.body == b"ours"


async def test_without_a_budget_everything_observes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOLDFAST_BUDGET", raising=False)
    app = FastAPI()

    @app.get("/left")
    async def left() -> float | None:
        return remaining()

    with caplog.at_level("WARNING", "holdfast"):
        Holdfast(app)
    assert "no holdfast.toml" in caplog.text
    async with lifespan(app):
        answers = await asyncio.gather(*(call(app, "/left") for _ in range(50)))
    assert {a.status for a in answers} == {200}
    assert {a.body for a in answers} == {b"null"}


async def test_the_app_is_held_once(budget: Any) -> None:
    app = FastAPI()
    held(app, budget())
    with pytest.raises(errors.UsageError, match="once"):
        held(app, budget())


async def test_without_a_lifespan_the_first_request_starts_it(budget: Any) -> None:
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        return request_id()

    hold = held(app, budget())
    answer = await call(app, "/")
    assert answer.status == 200
    assert answer.headers["x-request-id"]
    await hold.stop()


async def test_refusals_carry_cors_headers_where_the_app_has_cors(budget: Any) -> None:
    from fastapi.middleware.cors import CORSMiddleware

    app = FastAPI()
    go = asyncio.Event()
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])

    @app.get("/wait")
    async def wait() -> None:
        await go.wait()

    held(app, budget(limit=1))
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

    hold = held(app, budget(limit=2, deadline="50ms"))
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

    held(app, budget(limit=1, queue=1, wait="5s", deadline="5s"))
    async with lifespan(app):
        first = asyncio.create_task(call(app, "/left"))
        await asyncio.sleep(0)
        second = asyncio.create_task(call(app, "/left", headers={"X-Request-Timeout": "0.02"}))
        await asyncio.sleep(0.1)
        go.set()
        answers = await asyncio.gather(first, second)
    assert [answer.status for answer in answers] == [200, 504]


async def test_a_retry_is_marked_for_its_request_only(budget: Any) -> None:
    app = FastAPI()

    @app.get("/attempt")
    async def attempt() -> int:
        return layer.attempt_above()

    held(app, budget())
    async with lifespan(app):
        marked = await call(app, "/attempt", headers={layer.HEADER: "2"})
        plain = await call(app, "/attempt")
        nonsense = await call(app, "/attempt", headers={layer.HEADER: "-1"})
    assert [answer.body for answer in (marked, plain, nonsense)] == [b"2", b"1", b"1"]


async def test_the_service_can_be_started_again(budget: Any, tmp_path: Path) -> None:
    """As test clients do: one app, one lifespan after the other; the clients of dependencies live on."""
    path = budget()
    path.write_text(path.read_text() + '[dependency.p]\nkind = "http"\nurl_env = "P_URL"\n')
    app = FastAPI()
    hold = Holdfast(app, budget=path)
    client = hold.http("p", environ={"P_URL": "http://127.0.0.1:9"})

    @app.get("/p")
    async def p() -> str:
        return (await client.get("/")).text

    for _ in range(2):
        async with lifespan(app):
            answer = await call(app, "/p")
            assert (answer.status, answer.headers["holdfast-outcome"]) == (503, "dependency")
