from __future__ import annotations

from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.service.lifespan import Lifespan

pytestmark = pytest.mark.anyio


async def told(error: Exception) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what the server hears when the start raises `error`, and what else was run."""
    said: list[dict[str, Any]] = []
    ran: list[str] = []

    async def start() -> None:
        raise error

    async def stop() -> None:
        ran.append("stop")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        ran.append("app")

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        said.append(message)

    await Lifespan(app, start, stop)({"type": "lifespan"}, receive, send)
    return said, ran


async def test_a_start_that_fails_is_answered_and_the_app_is_not_started() -> None:
    said, ran = await told(UsageError("no such route", place="holdfast.toml:7"))
    assert [one["type"] for one in said] == ["lifespan.startup.failed"]
    assert said[0]["message"] == "holdfast.errors.UsageError: holdfast.toml:7: no such route"
    assert ran == ["stop"]


async def test_a_mistake_of_our_own_is_told_with_its_traceback() -> None:
    said, _ = await told(ZeroDivisionError("of ours"))
    assert said[0]["message"].startswith("Traceback")
    assert said[0]["message"].endswith("ZeroDivisionError: of ours\n")
