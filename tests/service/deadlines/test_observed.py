"""Deadlines that are only observed, everywhere or on a route."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from holdfast import Holdfast, remaining
from holdfast.policy.observed import PolicyObserved
from holdfast.telemetry import process
from holdfast.telemetry.board import ObservingCell
from tests.service.asgi import call, lifespan
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio

LATE = 0.05
BUDGET = """
[service]
name = "test"
[deadline]
default = "20s"
route."GET /slow/{name}" = "50ms"
route."GET /stream" = "500ms"
"""


@pytest.fixture
def heard() -> Iterator[list[PolicyObserved]]:
    found: list[PolicyObserved] = []
    process.bus().subscribe(PolicyObserved, found.append)
    yield found
    process.bus().unsubscribe(PolicyObserved, found.append)


def held(path: Path, said: str, heard: list[Any]) -> FastAPI:
    """Routes that answer when a 504 would have been told, or have had their chance of it."""
    path.write_text(BUDGET + said)
    app = FastAPI()

    @app.get("/slow/{name}")
    async def slow(name: str) -> float | None:
        if name == "told":
            await until(lambda: bool(heard))
        else:
            await asyncio.sleep(3 * LATE)
        return remaining()

    @app.get("/quick")
    async def quick() -> float | None:
        return remaining()

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            await asyncio.sleep(0.7)
            yield b"b"

        return StreamingResponse(parts())

    Holdfast(app, budget=path)
    return app


async def test_who_would_have_had_a_504_is_told_and_nothing_is_cut(
    tmp_path: Path, heard: list[PolicyObserved], caplog: pytest.LogCaptureFixture
) -> None:
    app = held(tmp_path / "holdfast.toml", 'mode = "observe"', heard)
    async with lifespan(app):
        assert (await call(app, "/quick")).body == b"null", "no deadline is in force"
        assert (await call(app, "/stream")).body == b"ab", "it had begun"
        assert not heard
        answer = await call(app, "/slow/told")
    assert (answer.status, answer.body) == (200, b"null")
    (event,) = heard
    assert (event.policy, event.subject, event.would) == ("deadline", "GET /slow/{name}", "cut")
    rows = dict(process.slot().observing.rows())
    assert rows["deadline GET /slow/{name}"][ObservingCell.COUNT] >= 1
    assert rows["deadline"][ObservingCell.ACTIVE] == 1
    assert "deadline: only observes, as was decided" in caplog.text
    rows["deadline"][ObservingCell.ACTIVE] = 0  # the board is the process's


async def test_a_caller_may_ask_for_less_and_is_observed_too(
    tmp_path: Path, heard: list[PolicyObserved]
) -> None:
    app = held(tmp_path / "holdfast.toml", 'mode = "observe"\ncap = "60s"', heard)
    async with lifespan(app):
        patient = await call(app, "/slow/late", headers={"X-Request-Timeout": "30"})
        assert (patient.status, heard) == (200, [])
        hurried = await call(app, "/slow/told", headers={"X-Request-Timeout": "0.01"})
    assert (hurried.status, len(heard)) == (200, 1)


async def test_one_route_observes_and_the_others_do_not(
    tmp_path: Path, heard: list[PolicyObserved], caplog: pytest.LogCaptureFixture
) -> None:
    app = held(tmp_path / "holdfast.toml", 'route_mode."GET /slow/{name}" = "observe"', heard)
    async with lifespan(app):
        assert (await call(app, "/slow/told")).status == 200
        assert json.loads((await call(app, "/quick")).body) <= 20
    assert len(heard) == 1
    assert "deadline GET /slow/{name}: only observes" in caplog.text


async def test_one_route_enforces_and_the_others_observe(tmp_path: Path, heard: list[PolicyObserved]) -> None:
    said = 'mode = "observe"\nroute_mode."GET /slow/{name}" = "enforce"'
    app = held(tmp_path / "holdfast.toml", said, heard)
    async with lifespan(app):
        assert (await call(app, "/slow/late")).status == 504
        assert (await call(app, "/quick")).body == b"null"
    assert not heard


@pytest.mark.parametrize("said", ['mode = "off"', 'route_mode."GET /slow/{name}" = "off"'])
async def test_off_is_no_deadline_whatever_a_caller_asks_for(
    tmp_path: Path, heard: list[PolicyObserved], said: str
) -> None:
    app = held(tmp_path / "holdfast.toml", said, heard)
    async with lifespan(app):
        answer = await call(app, "/slow/late", headers={"X-Request-Timeout": "0.01"})
    assert (answer.status, answer.body, heard) == (200, b"null", [])
