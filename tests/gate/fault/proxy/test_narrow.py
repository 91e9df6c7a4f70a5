"""A line that carries little."""

from __future__ import annotations

import asyncio

from holdfast.gate.fault.kinds import Narrow
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP
from tests.gate.fault.servers import backend, raw


def test_answers_trickle_at_the_rate(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            state.body = b"x" * 4000
            proxy.apply(Narrow(10_000))
            reader, writer = await asyncio.open_connection(*proxy.address)
            began = loop.time()
            writer.write(GET)
            head = await reader.readuntil(b"\r\n\r\n")
            first = loop.time() - began
            assert await reader.readexactly(4000) == b"x" * 4000
            assert loop.time() - began >= (len(head) + 4000) / 10_000 - 0.01
            assert first < loop.time() - began  # and not all at the end
            writer.close()

    run(main())


def test_the_end_comes_behind_the_answer_and_healing_hurries_it(run: Run) -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"y" * 3000)
            writer.write_eof()
            await reader.read()

        async with raw(serve) as port, Proxy("db", "127.0.0.1", port) as proxy:
            proxy.apply(Narrow(50))
            reader, writer = await asyncio.open_connection(*proxy.address)
            assert await reader.readexactly(1) == b"y"
            proxy.apply(None)
            assert await reader.read() == b"y" * 2999
            writer.close()

    run(main())
