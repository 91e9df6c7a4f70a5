"""How far admission goes, as the budget says it: everywhere, or on single routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI

from holdfast import Holdfast
from holdfast.policy.observed import PolicyObserved
from holdfast.service import door as doors
from holdfast.telemetry import process
from tests.service.asgi import call, lifespan
from tests.service.uvicorn_here import until

pytestmark = pytest.mark.anyio

BUDGET = """
[service]
name = "test"
workers = 1
[admission]
limit = 2
queue = 0
{admission}
[deadline]
default = "60s"
"""


@pytest.fixture
def heard() -> Iterator[list[PolicyObserved]]:
    found: list[PolicyObserved] = []
    process.bus().subscribe(PolicyObserved, found.append)
    yield found
    process.bus().unsubscribe(PolicyObserved, found.append)


class Full:
    """A service whose two places are taken."""

    def __init__(self, folder: Path, admission: str) -> None:
        path = folder / "holdfast.toml"
        path.write_text(BUDGET.format(admission=admission))
        self.app = app = FastAPI()
        self.go = asyncio.Event()

        @app.get("/hold")
        async def hold() -> None:
            await self.go.wait()

        @app.get("/report/{name}")
        async def report(name: str) -> None: ...

        @app.get("/other")
        async def other() -> None: ...

        self.hold = Holdfast(app, budget=path)

    @asynccontextmanager
    async def up(self) -> AsyncIterator[FastAPI]:
        async with lifespan(self.app):
            inside = [asyncio.create_task(call(self.app, "/hold")) for _ in range(2)]
            await until(lambda: self.hold.in_flight == 2)
            yield self.app
            self.go.set()
            assert [(await task).status for task in inside] == [200, 200]
            assert self.hold.in_flight == 0

    async def status(self, path: str) -> int:
        return (await call(self.app, path)).status


@pytest.mark.parametrize(
    ("admission", "report", "other", "told"),
    [
        ("", 503, 503, 0),
        ('mode = "observe"', 200, 200, 2),
        ('mode = "off"', 200, 200, 0),
        ('route_mode."GET /report/{name}" = "observe"', 200, 503, 1),
        ('route_mode."GET /report/{name}" = "off"', 200, 503, 0),
        ('mode = "observe"\nroute_mode."GET /report/{name}" = "enforce"', 503, 200, 1),
        ('mode = "observe"\nroute_mode."GET /report/{name}" = "off"', 200, 200, 1),
        ('mode = "off"\nroute_mode."GET /report/{name}" = "enforce"', 503, 200, 0),
    ],
)
async def test_who_is_let_into_a_full_house(
    tmp_path: Path, heard: list[PolicyObserved], admission: str, report: int, other: int, told: int
) -> None:
    here = Full(tmp_path, admission)
    async with here.up():
        assert await here.status("/report/7") == report
        assert await here.status("/other") == other
    assert [(event.policy, event.would, event.why) for event in heard] == [
        ("admission", "refuse", "full")
    ] * told


async def test_it_is_said_at_the_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with Full(tmp_path, 'mode = "observe"').up():
        assert "admission: only observes, as was decided" in caplog.text
    caplog.clear()
    async with Full(tmp_path, 'route_mode."GET /other" = "observe"').up():
        assert "admission GET /other: only observes, as was decided" in caplog.text
        assert "admission: only" not in caplog.text


async def test_the_protocol_asks_by_route_too(tmp_path: Path) -> None:
    async with Full(tmp_path, 'route_mode."GET /report/{name}" = "observe"').up():
        door = doors.at(asyncio.get_running_loop())
        assert door is not None
        refuses, _ = door.asks(priority := door.priority_of("GET", "/other"))
        assert refuses(0.0, priority or 0) is not None
        refuses, _ = door.asks(priority := door.priority_of("GET", "/report/7"))
        assert refuses(0.0, priority or 0) is None
        assert door.asks(None)[0](0.0, 0) is None, "unseen nobody is refused: it may be one of those"


async def test_a_class_is_kept_where_it_is_observed(tmp_path: Path) -> None:
    said = 'class = { critical = ["GET /report/{name}"] }\nroute_mode."GET /report/{name}" = "observe"'
    async with Full(tmp_path, said).up():
        door = doors.at(asyncio.get_running_loop())
        assert door is not None
        assert doors.class_name(door.priority_of("GET", "/report/7") or 0) == "critical"
        assert doors.class_name(door.priority_of("GET", "/other") or 0) == "normal"
