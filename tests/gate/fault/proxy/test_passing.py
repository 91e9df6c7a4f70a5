"""What the proxy passes on, and what it counts."""

from __future__ import annotations

import asyncio

import httpx2

from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.launch.port import candidates
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer
from tests.gate.fault.servers import backend, raw


def test_passes_and_counts(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            host, at = proxy.address
            assert at in candidates()
            async with httpx2.AsyncClient(base_url=f"http://{host}:{at}") as client:
                for _ in range(3):
                    assert (await client.get("/")).text == "hello"
                before = proxy.counts
                assert (before.connections, before.calls, state.requests) == (1, 3, 3)
                response = await client.post("/x", content=b"b" * 300_000)
                assert response.text == "hello"
            counts = proxy.counts - before
            assert (counts.connections, counts.calls) == (0, 1)
            assert counts.bytes_up > 300_000
            assert counts.bytes_down > 5
            assert counts.unreached == counts.unframed == 0
            assert sum(proxy.calls_by_second().values()) == 4

    run(main())


def test_counts_no_calls_of_an_unknown_protocol(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("db", "127.0.0.1", port, framer_of("sqlite")) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            assert proxy.counts.calls is None
            assert (proxy.counts - proxy.counts).calls is None
            assert proxy.counts.bytes_up == len(GET)
            assert state.requests == 1
            writer.close()

    run(main())


def test_200_connections_at_once(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:

            async def talk() -> None:
                reader, writer = await asyncio.open_connection(*proxy.address)
                for _ in range(5):
                    writer.write(GET)
                    assert await answer(reader) == b"hello"
                    await barrier.wait()
                writer.close()

            barrier = asyncio.Barrier(200)
            async with asyncio.TaskGroup() as group:
                for _ in range(200):
                    group.create_task(talk())
            assert state.requests == 1000
            assert (proxy.counts.connections, proxy.counts.calls) == (200, 1000)
            assert state.connections == 200

    run(main())


def test_large_bodies_arrive_whole_and_memory_is_bounded(run: Run) -> None:
    """A peer that does not read stops the other from being read: some megabytes in buffers, not all of it."""

    async def main() -> None:
        size = 64 << 20
        sent = 0

        async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readexactly(1)
            block = b"x" * 65536
            while sent < size:
                writer.write(block)
                await writer.drain()
                sent += len(block)
            writer.write_eof()
            await reader.read()

        async with raw(flood) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address, limit=65536)
            writer.write(b"g")
            before = -1
            while sent != before:  # until nobody takes more
                before = sent
                await asyncio.sleep(0.2)
            assert 0 < sent < size // 2
            got = 0
            while chunk := await reader.read(1 << 20):
                got += len(chunk)
            assert got == size
            writer.close()

    run(main())


def test_upload_waits_for_a_slow_reader(run: Run) -> None:
    async def main() -> None:
        size = 64 << 20
        go = asyncio.Event()
        got = 0

        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal got
            await go.wait()
            while chunk := await reader.read(1 << 20):
                got += len(chunk)
            writer.write(b"done")
            writer.write_eof()
            await writer.drain()

        async with raw(swallow) as port, Proxy("db", "127.0.0.1", port) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)

            async def upload() -> None:
                for _ in range(size >> 16):
                    writer.write(b"x" * 65536)
                    await writer.drain()
                writer.write_eof()

            task = asyncio.create_task(upload())
            await asyncio.sleep(0.3)
            assert not task.done()
            assert 0 < proxy.counts.bytes_up < size // 2
            go.set()
            await task
            # The half-closed connection still carries the answer, then ends.
            assert await reader.read() == b"done"
            assert got == size
            writer.close()

    run(main())
