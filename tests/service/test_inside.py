"""What a held app tells of its inside: loop time by route, the id in the scope, debug mode."""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request

from holdfast import Holdfast, request_id
from holdfast.loop.route import REQUEST_ID, request_id_of
from holdfast.telemetry import process
from holdfast.telemetry.board.layout import LONGEST_NS
from holdfast.telemetry.buckets import FIRST_BUCKET, SUM_NS

BUDGET = """
[service]
name = "inside"
[loop]
debug = true
slow_callback = "70ms"
"""


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("s", 80),
        "state": {},
    }


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: MutableMapping[str, Any]) -> None:
    pass


def test_a_held_app_tells_what_its_loop_does(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET)
    app = FastAPI()
    ids: list[str] = []

    @app.get("/inside/{item}")
    async def inside(request: Request, item: int) -> None:
        ids.extend((request_id(), request_id_of(request.scope), request.scope[REQUEST_ID].decode()))
        time.sleep(0.02)  # noqa: ASYNC251
        await asyncio.sleep(0.05)

    hold = Holdfast(app, budget=path)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await app(scope("/inside/7"), receive, send)
        assert loop.get_debug()
        assert loop.slow_callback_duration == 0.07
        await hold.stop()
        assert not loop.get_debug()

    asyncio.run(main(), debug=False)
    assert len(set(ids)) == 1
    assert ids[0]
    row = dict(process.slot().held.rows())["GET /inside/{item}"]
    assert sum(row[FIRST_BUCKET:LONGEST_NS]) == 1  # the first of a gatekeeper is always measured
    assert 0.02e9 <= row[LONGEST_NS] <= row[SUM_NS]
    assert row[SUM_NS] < 10e9


def test_without_a_supervisor_nothing_is_recorded() -> None:
    assert process.board().path is None
    assert process.slot().flight.read() == []
