from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from tests.gate.fault.servers import open_files

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine on each loop, bounded, and shows that no file descriptor is left."""
    return runner_on(uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop)


def runner_on(factory: Callable[[], asyncio.AbstractEventLoop]) -> Run:
    """Return what runs a coroutine on such a loop."""

    def runner(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as loop_runner:
            loop_runner.run(asyncio.sleep(0))  # libuv opens a pipe of its own the first time
        before = open_files()

        async def bounded() -> None:
            async with asyncio.timeout(60):
                await main

        with asyncio.Runner(loop_factory=factory) as loop_runner:
            loop_runner.run(bounded())
        assert open_files() == before

    return runner
