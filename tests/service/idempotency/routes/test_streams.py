"""Streams cannot be kept, and are refused as early as they show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import StreamingResponse

from holdfast.errors import UsageError
from tests.service.idempotency.orders import post
from tests.service.idempotency.routes.order import service

pytestmark = pytest.mark.anyio


def test_a_stream_that_can_be_seen_is_refused_at_once(tmp_path: Path) -> None:
    _, idempotent = service(tmp_path)
    with pytest.raises(UsageError, match=r"lines streams its answer"):

        @idempotent
        async def lines() -> AsyncIterator[str]:
            yield "a"

    with pytest.raises(UsageError, match=r"stream streams its answer"):

        @idempotent
        async def stream() -> StreamingResponse:
            return StreamingResponse(iter(()))


async def test_a_response_class_that_streams_is_refused_at_the_start(tmp_path: Path) -> None:
    made, idempotent = service(tmp_path)

    @made.app.post("/report", response_class=StreamingResponse)
    @idempotent
    async def report() -> Any:
        return None

    with pytest.raises(UsageError, match=r"POST /report streams"):
        await made.boot()


async def test_a_stream_that_shows_late_is_refused_with_its_route(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made, idempotent = service(tmp_path)

    class Odd(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await send({"type": "http.response.body", "body": b"b"})

    @made.app.post("/report", response_model=None)
    @idempotent
    async def report(odd: bool = False) -> Any:
        return Odd() if odd else StreamingResponse(iter([b"x"]))

    async with made.up() as app:
        with pytest.raises(UsageError, match=r"POST /report: this route streams"):
            await post(app, path="/report", key="1", x_tenant="a")
        odd = await post(app, path="/report?odd=1", key="2", x_tenant="a")
        again = await post(app, path="/report?odd=1", key="2", x_tenant="a")
    assert (odd.status, odd.complete, again.status) == (500, True, 409)
    assert b"stream" in odd.body
    assert "POST /report" in caplog.text
