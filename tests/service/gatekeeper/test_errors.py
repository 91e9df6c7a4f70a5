"""Errors become statuses, and the app's own handlers stay."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI, Request

from holdfast import Holdfast, errors
from tests.service.asgi import Answer, call, keep, lifespan, one_message, scope

pytestmark = pytest.mark.anyio


async def test_a_refusal_raised_in_a_handler_becomes_its_status(budget: Any) -> None:
    app = FastAPI()

    @app.get("/pay")
    async def pay() -> None:
        raise errors.BreakerOpen("payments", retry_after=2.2)

    Holdfast(app, budget=budget())
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

    Holdfast(app, budget=budget())
    async with lifespan(app):
        answer = Answer()
        with pytest.raises(ValueError, match="swordfish"):  # the server logs it, as without holdfast
            await app(scope("/boom"), one_message(b""), keep(answer))  # type: ignore[arg-type]
        assert answer.status == 500
        assert b"swordfish" not in answer.body
        assert b"Traceback" not in answer.body
        assert json.loads(answer.body)["request_id"] == answer.headers["x-request-id"]


async def test_a_client_that_leaves_while_its_body_is_read_is_no_failure(
    budget: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()

    @app.post("/upload")
    async def upload(request: Request) -> int:
        return sum([len(part) async for part in request.stream()])

    Holdfast(app, budget=budget())
    messages = [
        {"type": "http.request", "body": b"x" * 70_000, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async with lifespan(app):
        answer = Answer()
        asked = scope("/upload", method="POST", headers={"Transfer-Encoding": "chunked"})
        await app(asked, receive, keep(answer))  # type: ignore[arg-type]
    assert answer.status in (0, 499)  # the second where the app had begun to read
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_the_app_s_own_handlers_stay(budget: Any) -> None:
    from starlette.responses import PlainTextResponse

    app = FastAPI()

    @app.exception_handler(Exception)
    async def own(request: Request, error: Exception) -> PlainTextResponse:
        return PlainTextResponse("ours", status_code=500)

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError("ours too")

    Holdfast(app, budget=budget())
    async with lifespan(app):
        answer = Answer()
        with pytest.raises(ValueError, match="ours too"):
            await app(scope("/boom"), one_message(b""), keep(answer))  # type: ignore[arg-type]
    assert answer.body == b"ours"
