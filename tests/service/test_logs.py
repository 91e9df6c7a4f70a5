"""JSON logs of a held app: right labels everywhere, and no wait for a sink that stands still."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI

from holdfast import Holdfast
from holdfast.telemetry.logs import json_logs
from holdfast.telemetry.logs.correlation import labels
from holdfast.telemetry.logs.handler import JsonHandler
from tests.service.asgi import call, lifespan
from tests.telemetry.logs.lines import Blocked, Kept

pytestmark = pytest.mark.anyio
LOG = logging.getLogger("tests.service.logs")
TRACE = "0af7651916cd43dd8448eb211c80319c"

BUDGET = """
[service]
name = "shop"
workers = 1
[log]
sink = "stderr"
flood = "100000/s"
"""


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    LOG.setLevel(logging.INFO)
    yield
    LOG.setLevel(logging.NOTSET)
    assert not [h for h in logging.getLogger().handlers if isinstance(h, JsonHandler)]


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return held(tmp_path, queue=2000)


def held(tmp_path: Path, *, queue: int) -> FastAPI:
    budget = tmp_path / "holdfast.toml"
    budget.write_text(f"{BUDGET}queue = {queue}\n")
    app = FastAPI()

    def later() -> None:
        LOG.info("after the answer")

    @app.get("/items/{item}")
    async def item(item: int, background: BackgroundTasks) -> str:
        LOG.info("on the loop")
        await asyncio.to_thread(LOG.info, "in a thread")
        background.add_task(later)
        return "ok"

    @app.get("/plain/{item}")
    def plain(item: int) -> str:
        LOG.info("in a def endpoint")
        return "ok"

    @app.get("/slow/{item}")
    async def slow(item: int) -> str:
        LOG.info("begun")
        try:
            await asyncio.sleep(0.001 * random.random())
        finally:
            LOG.info("ended")
        return "ok"

    Holdfast(app, budget=budget)
    return app


def to(sink: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the logs of apps that start from here on go to `sink`."""
    monkeypatch.setattr(json_logs, "Descriptor", lambda number: sink)


def lines_of(sink: Kept) -> list[dict[str, Any]]:
    return [line for line in sink.lines if line["logger"] == LOG.name]


async def test_every_line_of_a_request_names_it(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = Kept()
    to(sink, monkeypatch)
    async with lifespan(app):
        header = {"x-request-id": "mine", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        await call(app, "/items/7", headers=header)
        made = (await call(app, "/plain/7", headers={"x-request-id": "not a sane id\n"})).headers[
            "x-request-id"
        ]
        LOG.info("outside")
    said = {line["message"]: line for line in lines_of(sink)}
    for message in ("on the loop", "in a thread", "after the answer"):
        line = said[message]
        assert (line["request_id"], line["route"], line["trace_id"]) == ("mine", "GET /items/{item}", TRACE)
    assert said["in a def endpoint"]["request_id"] == made
    assert said["in a def endpoint"]["route"] == "GET /plain/{item}"
    assert "trace_id" not in said["in a def endpoint"]
    assert "request_id" not in said["outside"]
    assert all(line["service"] == "shop" for line in sink.lines)


async def test_a_sink_that_stands_still_delays_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = held(tmp_path, queue=20)
    sink = Blocked()
    to(sink, monkeypatch)
    async with lifespan(app):
        for number in range(50):  # each logs a line; 20 fit into the queue
            assert (await call(app, f"/plain/{number}")).status == 200
        assert sink.inside.is_set()
        assert sink.lines == [], "nothing is written, and everybody has his answer"
        sink.released.set()
    assert len(sink.lines) < 50
    lost = [line for line in sink.lines if line["logger"] == "holdfast.logs"]
    assert sum(line["suppressed"] for line in lost) + len(sink.lines) - len(lost) >= 50


async def test_no_label_outlives_its_request_whatever_is_cancelled(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Kept()
    to(sink, monkeypatch)
    chance = random.Random(7)
    async with lifespan(app):
        tasks = []
        for number in range(200):
            tasks.append(
                asyncio.ensure_future(call(app, f"/slow/{number}", headers={"x-request-id": f"r{number}"}))
            )
            if chance.random() < 0.5:
                await asyncio.sleep(0)
                chance.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert labels() == {}
    seen = lines_of(sink)
    assert all(line["route"] == "GET /slow/{item}" for line in seen)
    begun = sorted(line["request_id"] for line in seen if line["message"] == "begun")
    assert begun == sorted(line["request_id"] for line in seen if line["message"] == "ended")
    assert not [thread for thread in threading.enumerate() if thread.name == "holdfast-logs"]
