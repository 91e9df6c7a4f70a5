"""A dependency that ends connections by itself, or is not there."""

from __future__ import annotations

import asyncio
import socket

import pytest

from holdfast.errors import UsageError
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.launch.port import bind
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import ended
from tests.gate.fault.servers import raw, until


def test_a_server_that_closes_is_seen_to_close(run: Run) -> None:
    async def main() -> None:
        async def goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"bye")
            await writer.drain()
            writer.close()

        async with raw(goodbye) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            assert await reader.read() == b"bye"
            writer.close()
            await until(lambda: proxy.open_connections == 0)

    run(main())


def test_a_server_that_resets_is_seen_to_reset(run: Run) -> None:
    async def main() -> None:
        async def vanish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(1)
            linger = b"\x01\0\0\0\0\0\0\0"
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

        async with raw(vanish) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(b"x")
            await ended(reader, reset=True)
            writer.close()

    run(main())


def test_dependency_that_is_down_resets_and_is_counted(run: Run) -> None:
    async def main() -> None:
        with bind("127.0.0.1", 0) as unused:
            async with Proxy("db", "127.0.0.1", unused.getsockname()[1]) as proxy:
                reader, writer = await asyncio.open_connection(*proxy.address)
                await ended(reader, reset=True)
                assert proxy.counts.unreached == 1
                writer.close()

    run(main())


def test_unknown_host_is_a_usage_error(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(UsageError, match=r"^payments: nowhere\.invalid has no address"):
            await Proxy("payments", "nowhere.invalid", 80).start()

    run(main())
