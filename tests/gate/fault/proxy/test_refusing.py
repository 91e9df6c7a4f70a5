"""Connections that are refused or reset."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from holdfast.errors import NotMeasured
from holdfast.gate.fault.kinds import Refuse, Reset
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.launch.port import bind
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer, ended
from tests.gate.fault.servers import backend


def test_refuse_closes_the_door_and_healing_opens_the_same(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            address = proxy.address
            for _ in range(3):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(GET)
                assert await answer(reader) == b"hello"
                proxy.apply(Refuse())
                await ended(reader, reset=False)
                writer.close()
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection(*address)
                async with httpx2.AsyncClient() as client:
                    with pytest.raises(httpx2.ConnectError):
                        await client.get("http://{}:{}/".format(*address))
                assert proxy.open_connections == 0
                proxy.apply(None)
                assert proxy.address == address
                async with httpx2.AsyncClient() as client:
                    assert (await client.get("http://{}:{}/".format(*address))).text == "hello"

    run(main())


def test_refuse_goes_on_when_the_port_was_taken(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            proxy.apply(Refuse())
            with bind(*proxy.address) as thief:
                thief.listen()
                with pytest.raises(NotMeasured, match="was taken while it was closed"):
                    proxy.apply(None)
                assert proxy.fault == Refuse()
            proxy.apply(None)
            assert proxy.fault is None
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            writer.close()

    run(main())


def test_reset_open_and_new(run: Run) -> None:
    async def main() -> None:
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            assert await answer(reader) == b"hello"
            proxy.apply(Reset())
            await ended(reader, reset=True)
            writer.close()
            before = proxy.counts
            reader, writer = await asyncio.open_connection(*proxy.address)
            writer.write(GET)
            await ended(reader, reset=True)
            writer.close()
            # The call that was reset was seen, and did not reach the dependency.
            assert (proxy.counts - before).calls == 1
            assert state.requests == 1
            silent, writer = await asyncio.open_connection(*proxy.address)
            await ended(silent, reset=True)
            writer.close()
            async with httpx2.AsyncClient() as client:
                with pytest.raises((httpx2.ReadError, httpx2.RemoteProtocolError, httpx2.WriteError)):
                    await client.get("http://{}:{}/".format(*proxy.address))
                proxy.apply(None)
                assert (await client.get("http://{}:{}/".format(*proxy.address))).text == "hello"

    run(main())
