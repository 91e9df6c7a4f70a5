"""Workers that are replaced while the service is under load: no request is lost, under any server."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.serve.load import load
from tests.serve.running import APP, SERVERS, Service, until

Start = Callable[..., Service]

SOON = """
    [service]
    keepalive = "500ms"
    {}

    [drain]
    announce = "0s"
    grace = "10s"
"""


def pids(service: Service) -> set[int]:
    return {worker["pid"] for worker in service.workers()}


def two(service: Service) -> set[int]:
    found: Any = until(lambda: len(now := pids(service)) == 2 and now, "two workers")
    return set(found)


@pytest.mark.parametrize("server", SERVERS)
def test_a_roll_under_load_loses_nothing(start: Start, server: str) -> None:
    service = start(APP, "--workers", "2", server=server, budget=SOON.format("")).serving()
    first = two(service)
    seen: list[int] = []

    async def roll() -> Any:
        async with load(service.address) as count:
            await asyncio.sleep(0.3)
            service.signal(signal.SIGHUP)

            def rolled() -> bool:
                workers = service.workers()
                seen.append(len(workers))
                return "2 workers were replaced" in service.stderr

            await asyncio.to_thread(until, rolled, "the roll", 40.0)
            await asyncio.sleep(0.3)
        return count

    count = asyncio.run(roll())
    assert count.lost == []
    assert count.refused == 0
    assert count.answered > 50
    assert not first & two(service)
    # The new one came before the old one went, and never more than one at a time.
    assert min(seen) >= 2
    assert max(seen) <= 3
    assert service.state()["rolling"] == "idle"
    assert service.state()["killed"] == 0
    service.signal(signal.SIGTERM)
    assert service.wait() == 0
    assert not service.left()


@pytest.mark.parametrize("server", ["gunicorn", "granian"])  # Uvicorn alone has the first one's worker
def test_recycling_under_load_loses_nothing(start: Start, server: str) -> None:
    budget = SOON.format('max_requests = 100\n    max_requests_jitter = "0%"')
    service = start(APP, "--workers", "1", server=server, budget=budget).serving()
    (first,) = pids(service)

    async def recycle() -> Any:
        async with load(service.address, clients=4, path=b"/slow?seconds=0.05") as count:
            replaced = lambda: "1 worker was replaced" in service.stderr  # noqa: E731
            await asyncio.to_thread(until, replaced, "another worker", 40.0)
        return count

    count = asyncio.run(recycle())
    assert count.lost == []
    assert count.refused == 0
    assert count.answered >= 100
    assert first not in pids(service)
