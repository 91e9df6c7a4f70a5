"""A dependency that is made slow."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from holdfast.gate.fault.kinds import Slow
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer
from tests.gate.fault.servers import backend, raw, until


def test_slow_delays_every_call_also_on_open_connections(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            proxy.apply(Slow(0.2, 0.05))
            for _ in range(2):
                began = loop.time()
                writer.write(GET)
                assert await answer(reader) == b"hello"
                assert loop.time() - began >= 0.149
            async with httpx2.AsyncClient() as client:
                began = loop.time()
                with pytest.raises(httpx2.ReadTimeout):
                    await client.get("http://{}:{}/".format(*proxy.address), timeout=0.05)
            assert proxy.counts.calls == 4
            writer.close()

    run(main())


def test_slow_is_late_once_not_once_a_chunk(run: Run) -> None:
    """Twenty chunks 10 ms apart, each 0.5 s late: in order and complete long before 20 x 0.5 s."""

    async def main() -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for number in range(20):
                writer.write(b"%02d" % number)
                await asyncio.sleep(0.01)
            writer.close()

        async with raw(drip) as port, Proxy("db", "127.0.0.1", port) as proxy:
            proxy.apply(Slow(0.5, 0.4))
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection(*proxy.address)
                assert await reader.read() == b"".join(b"%02d" % number for number in range(20))
            writer.close()

    run(main())


def test_healing_releases_what_was_late(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(Slow(3600))
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            await until(lambda: proxy.counts.bytes_down > 0)
            proxy.apply(None)
            assert await answer(reader) == b"hello"
            writer.close()

    run(main())


def test_slow_line_is_bounded(run: Run) -> None:
    async def main() -> None:
        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for _ in range(1024):
                writer.write(b"x" * 65536)
                await writer.drain()
            writer.write_eof()
            await reader.read()

        async with raw(flood) as port, Proxy("db", "127.0.0.1", port) as proxy:
            proxy.apply(Slow(3600))
            reader, writer = await asyncio.open_connection(*proxy.address)
            await asyncio.sleep(0.5)
            assert 0 < proxy.counts.bytes_down < 8 << 20
            proxy.apply(None)
            assert len(await reader.read()) == 1024 * 65536
            writer.close()

    run(main())
