"""A dependency that takes everything and says nothing."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from holdfast.gate.fault.kinds import Blackhole, Slow
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer, ended
from tests.gate.fault.servers import backend, until


def test_blackhole_swallows_counts_and_heals(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            idle, idle_writer = await asyncio.open_connection(*proxy.address)
            busy, busy_writer = await asyncio.open_connection(*proxy.address)
            for reader, writer in ((idle, idle_writer), (busy, busy_writer)):
                writer.write(GET)
                assert await answer(reader) == b"hello"
            proxy.apply(Blackhole())
            new, new_writer = await asyncio.open_connection(*proxy.address)
            for reader, writer in ((busy, busy_writer), (new, new_writer)):
                writer.write(GET)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await reader.read(1)
            async with httpx2.AsyncClient() as client:
                with pytest.raises(httpx2.ReadTimeout):
                    await client.get("http://{}:{}/".format(*proxy.address), timeout=0.1)
            assert proxy.counts.calls == 5
            assert state.requests == 2
            # The caller that gave up is gone here too: callers that time out do not pile up.
            await until(lambda: proxy.open_connections == 3)
            proxy.apply(None)
            await ended(busy, reset=True)
            await ended(new, reset=True)
            idle_writer.write(GET)
            assert await answer(idle) == b"hello"
            assert proxy.open_connections == 1
            for writer in (idle_writer, busy_writer, new_writer):
                writer.close()

    run(main())


def test_blackhole_loses_what_was_late(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(Slow(3600))
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            await until(lambda: proxy.counts.bytes_down > 0)
            proxy.apply(Blackhole())
            proxy.apply(None)
            await ended(reader, reset=True)
            writer.close()

    run(main())
