"""A hole in one direction only."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.gate.fault.kinds import Blackhole
from holdfast.gate.fault.kinds.blackhole import Way
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer, ended
from tests.gate.fault.servers import backend, until


@pytest.mark.parametrize(("way", "arrived"), [("up", 0), ("down", 2)])
def test_what_goes_one_way_is_lost(run: Run, way: Way, arrived: int) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            idle, idle_writer = await asyncio.open_connection(*proxy.address)
            busy, busy_writer = await asyncio.open_connection(*proxy.address)
            await until(lambda: state.connections == 2)
            proxy.apply(Blackhole(way))
            new, new_writer = await asyncio.open_connection(*proxy.address)
            for writer in (busy_writer, new_writer):
                writer.write(GET)
            await until(lambda: proxy.counts.calls == 2 and state.requests == arrived)
            if way == "down":
                await until(lambda: proxy.counts.bytes_down > 0)
            for reader in (busy, new):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await reader.read(1)
            proxy.apply(None)
            await ended(busy, reset=True)
            await ended(new, reset=True)
            idle_writer.write(GET)
            assert await answer(idle) == b"hello"
            for writer in (idle_writer, busy_writer, new_writer):
                writer.close()

    run(main())
