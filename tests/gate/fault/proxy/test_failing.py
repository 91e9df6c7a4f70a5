"""Calls that are answered with an error, with wrong bytes, or only at a later try."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from holdfast.errors import NotMeasured
from holdfast.gate.fault.kinds import Corrupt, Error, FailFirst
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer, ended
from tests.gate.fault.servers import backend, until


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_a_share_of_the_calls_is_answered_with_503(run: Run, share: float) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP, seed=7) as proxy:
            proxy.apply(Error(share))
            async with httpx2.AsyncClient(base_url="http://{}:{}".format(*proxy.address)) as client:
                codes = [(await client.post("/", content=b"x" * 300)).status_code for _ in range(200)]
            failed = codes.count(503)
            assert codes.count(200) == 200 - failed == state.requests
            assert 200 * share * 0.6 <= failed <= 200 * share * 1.4
            assert proxy.counts.calls == 200
            assert proxy.counts.connections == 1  # an error ends no connection

    run(main())


def test_a_request_that_comes_in_parts_is_answered_when_it_is_whole(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(Error())
            reader, writer = await asyncio.open_connection(*proxy.address)
            for part in (b"POST / HTTP/1.1\r\ncontent-le", b"ngth: 10\r\n\r\n12345", b"67890"):
                writer.write(part)
                await asyncio.sleep(0.02)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
            proxy.apply(None)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            assert state.requests == 1
            writer.close()

    run(main())


def test_an_error_does_not_overtake_an_answer(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET[:-2])  # on its way, and unanswered
            await until(lambda: proxy.counts.bytes_up > 0)
            proxy.apply(Error())
            writer.write(GET[-2:] + GET)
            await ended(reader, reset=True)
            writer.close()

    run(main())


def test_an_error_wants_a_protocol(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("db", "127.0.0.1", port) as proxy:
            with pytest.raises(NotMeasured, match="error: the proxy does not understand the protocol of db"):
                proxy.apply(Error())
            assert proxy.fault is None

    run(main())


def test_the_first_calls_fail(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(FailFirst(3))
            outcomes = ""
            async with httpx2.AsyncClient(base_url="http://{}:{}".format(*proxy.address)) as client:
                for _ in range(6):
                    try:
                        await client.get("/")
                        outcomes += "."
                    except httpx2.TransportError:
                        outcomes += "x"
            assert outcomes == "xxx..."
            assert state.requests == 3

    run(main())


def test_the_first_connections_fail_where_calls_are_unknown(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("db", "127.0.0.1", port) as proxy:
            proxy.apply(FailFirst(1))
            first, first_writer = await asyncio.open_connection(*proxy.address)
            first_writer.write(GET)
            await ended(first, reset=True)
            second, second_writer = await asyncio.open_connection(*proxy.address)
            for _ in range(2):
                second_writer.write(GET)
                assert await answer(second) == b"hello"
            for writer in (first_writer, second_writer):
                writer.close()

    run(main())


def test_a_wrong_byte_in_every_answer(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP, seed=1) as proxy:
            state.body = b"x" * 20_000
            proxy.apply(Corrupt(1.0))
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            sent = b"HTTP/1.1 200 OK\r\ncontent-length: 20000\r\n\r\n" + state.body
            seen = await reader.readexactly(len(sent))
            wrong = [at for at, (a, b) in enumerate(zip(sent, seen, strict=True)) if a != b]
            assert wrong
            assert all(seen[at] == sent[at] ^ 0xFF for at in wrong)
            writer.close()

    run(main())
