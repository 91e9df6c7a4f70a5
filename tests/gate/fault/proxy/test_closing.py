"""Connections that end late, in the midst of an answer, or without anybody being told."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.gate.fault.kinds import HalfOpen, Reset, SlowClose
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer, ended
from tests.gate.fault.servers import backend, raw, until


def test_slow_close_tells_the_end_late(run: Run) -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"bye")
            writer.close()

        loop = asyncio.get_running_loop()
        async with raw(serve) as port, Proxy("db", "127.0.0.1", port) as proxy:
            proxy.apply(SlowClose(0.3))
            reader, writer = await asyncio.open_connection(*proxy.address)
            began = loop.time()
            assert await reader.readexactly(3) == b"bye"
            assert await reader.read() == b""
            assert loop.time() - began >= 0.25
            writer.close()

    run(main())


def test_reset_after_bytes_cuts_an_answer(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            state.body = b"x" * 1000
            proxy.apply(Reset(after=100))
            for _ in range(2):
                reader, writer = await asyncio.open_connection(*proxy.address)
                writer.write(GET)
                assert len(await reader.readexactly(100)) == 100
                await ended(reader, reset=True)
                writer.close()
            assert state.requests == 2  # it did the work

    run(main())


def test_half_open_silences_what_is_open_and_serves_what_is_new(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            old, old_writer = await asyncio.open_connection(*proxy.address)
            old_writer.write(GET)
            assert await answer(old) == b"hello"
            proxy.apply(HalfOpen())
            old_writer.write(GET)
            new, new_writer = await asyncio.open_connection(*proxy.address)
            new_writer.write(GET)
            assert await answer(new) == b"hello"
            assert proxy.counts.calls == 3
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await old.read(1)
            assert state.requests == 2
            proxy.apply(None)
            await ended(old, reset=True)
            new_writer.write(GET)
            assert await answer(new) == b"hello"
            for writer in (old_writer, new_writer):
                writer.close()

    run(main())


def test_callers_that_leave_a_silent_connection_do_not_pile_up(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            proxy.apply(HalfOpen())
            writer.close()
            await until(lambda: proxy.open_connections == 0)

    run(main())
