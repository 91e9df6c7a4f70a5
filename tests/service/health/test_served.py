"""The app's own port says what the worker's health is, where no supervisor does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import dedent

from fastapi import FastAPI

from holdfast import Holdfast
from holdfast.telemetry import process
from holdfast.telemetry.board import DependencyCell
from tests.service.asgi import call, lifespan

BUDGET = """
    [loop]
    stall = "50ms"

    [dependency.db]
    kind = "http"
    url_env = "DB_URL"

    [dependency.other]
    kind = "http"
    url_env = "OTHER_URL"

    [health]
    dependencies = ["db"]
    after = "200ms"
    recover = "200ms"
    least = "200ms"
"""


async def becomes(app: FastAPI, status: int) -> None:
    async with asyncio.timeout(10):
        while (await call(app, "/readyz")).status != status:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


def test_only_a_named_dependency_makes_unready(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(dedent(BUDGET))
    app = FastAPI()
    Holdfast(app, budget=path)

    async def scenario() -> None:
        async with lifespan(app):
            await becomes(app, 200)
            rows = process.slot().dependencies
            rows.row("other")[DependencyCell.BREAKER] = 2
            await asyncio.sleep(0.6)
            assert (await call(app, "/readyz")).status == 200
            rows.row("db")[DependencyCell.BREAKER] = 2
            await becomes(app, 503)
            assert (await call(app, "/livez")).status == 200
            assert (await call(app, "/startupz")).status == 200
            rows.row("db")[DependencyCell.BREAKER] = 0
            await becomes(app, 200)
            rows.reset_gauges()

    asyncio.run(scenario())
