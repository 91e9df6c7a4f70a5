"""A limit of WebSockets that is only observed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from holdfast.policy.observed import PolicyObserved
from holdfast.telemetry import process
from tests.service.opened.service import BUDGET, Service
from tests.service.uvicorn_here import served, until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("mode", "told"), [("observe", 2), ("off", 0)])
async def test_nobody_is_refused_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: str, told: int
) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET.replace("[websocket]\n", f'[websocket]\nmode = "{mode}"\n'))
    here, heard = Service(path), list[Any]()
    bus = process.bus()
    bus.subscribe(PolicyObserved, heard.append)
    try:
        async with served(here.app) as port:
            sockets = [await connect(f"ws://127.0.0.1:{port}/echo") for _ in range(5)]
            assert here.opened.websockets == 5
            for socket in sockets:
                await socket.close()
            await until(lambda: len(here.opened) == 0)
    finally:
        bus.unsubscribe(PolicyObserved, heard.append)
    assert [(event.policy, event.would, event.why) for event in heard] == [
        ("websocket", "refuse", "full")
    ] * told
    assert ("websocket: only observes, as was decided" in caplog.text) == bool(told)
