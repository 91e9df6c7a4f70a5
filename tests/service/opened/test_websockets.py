"""WebSockets are counted, and refused when there are too many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from holdfast.telemetry import process
from tests.service.asgi import lifespan
from tests.service.opened.service import BUDGET, Service, begin
from tests.service.uvicorn_here import served, until

pytestmark = pytest.mark.anyio


async def test_open_websockets_are_counted_and_hold_no_permit(service: Callable[[], Service]) -> None:
    here = service()
    async with served(here.app) as port:
        address = f"ws://127.0.0.1:{port}"
        async with connect(f"{address}/echo") as one, connect(f"{address}/echo") as two:
            for socket in (one, two):
                await socket.send("hello")
                assert await socket.recv() == "hello"
            assert (here.opened.websockets, here.hold.in_flight) == (2, 0)
        await until(lambda: here.opened.websockets == 0)


async def test_beyond_the_limit_a_handshake_is_answered_503(service: Callable[[], Service]) -> None:
    here = service()
    before = refused_so_far()
    async with served(here.app) as port:
        address = f"ws://127.0.0.1:{port}"
        sockets = [await connect(f"{address}/echo") for _ in range(3)]
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{address}/echo")
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["holdfast-outcome"] == "shed"
        assert int(refused.value.response.headers["retry-after"]) >= 1
        await sockets.pop().close()
        await until(lambda: here.opened.websockets == 2)
        sockets.append(await connect(f"{address}/echo"))
        for socket in sockets:
            await socket.close()
        await until(lambda: len(here.opened) == 0)
    assert refused_so_far() == before + 1


def refused_so_far() -> int:
    rows = process.slot().refused.rows()
    return sum(cells[0] for name, cells in rows if name.startswith("websockets"))


async def test_without_a_limit_they_are_counted_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET.replace("[websocket]\nlimit = 3\n", ""))
    here = Service(path)
    with caplog.at_level("WARNING", "holdfast"):
        async with served(here.app) as port:
            sockets = [await connect(f"ws://127.0.0.1:{port}/echo") for _ in range(6)]
            assert here.opened.websockets == 6
            for socket in sockets:
                await socket.close()
    assert "websocket.limit" in caplog.text


async def test_a_full_house_takes_no_handshake_and_a_handshake_is_a_place_in_it(
    service: Callable[[], Service],
) -> None:
    here = service()
    async with served(here.app) as port:
        address = f"ws://127.0.0.1:{port}/echo"
        here.may_accept.clear()
        waiting = asyncio.ensure_future(connect(address).__aenter__())
        await until(lambda: here.hold.in_flight == 1)
        requests = [begin(here.app, "/wait") for _ in range(3)]
        await until(lambda: here.hold.in_flight == 4)
        with pytest.raises(InvalidStatus) as refused:
            await connect(address)
        assert refused.value.response.status_code == 503
        here.may_accept.set()
        socket = await waiting
        assert here.hold.in_flight == 3, "accepted, it gives its place back"
        here.go.set()
        await asyncio.gather(*(task for _, task in requests))
        await socket.close()
        await until(lambda: len(here.opened) == 0)
        assert here.hold.in_flight == 0


async def test_denied_and_failed_handshakes_leave_nothing(service: Callable[[], Service]) -> None:
    here = service()
    async with served(here.app) as port:
        for path, status in (("denies", 403), ("fails", 500), ("nowhere", 403)) * 3:
            with pytest.raises(InvalidStatus) as denied:
                await connect(f"ws://127.0.0.1:{port}/{path}")
            assert denied.value.response.status_code == status
            await until(lambda: len(here.opened) == 0)
        assert here.hold.in_flight == 0


async def test_where_the_server_cannot_answer_the_handshake_is_closed(service: Callable[[], Service]) -> None:
    here = service()
    sent: list[dict[str, Any]] = []
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async with lifespan(here.app):
        requests = [begin(here.app, "/wait") for _ in range(4)]
        await until(lambda: here.hold.in_flight == 4)
        asked = {"type": "websocket", "path": "/echo", "headers": [], "extensions": {}, "subprotocols": []}
        await here.app(asked, inbox.get, send)  # type: ignore[arg-type]
        assert sent == [{"type": "websocket.close", "code": 1013}]
        here.go.set()
        await asyncio.gather(*(task for _, task in requests))
