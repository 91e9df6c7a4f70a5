"""Failures of a share of the calls."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from holdfast.gate.fault.kinds import Brownout
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.proxy.exchange import GET, HTTP, answer
from tests.gate.fault.servers import backend


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_brownout_strikes_its_share_of_calls(run: Run, share: float) -> None:
    async def main() -> None:
        failed = 0
        async with backend() as (state, port), Proxy("payments", "127.0.0.1", port, HTTP, seed=7) as proxy:
            proxy.apply(Brownout(share))
            async with httpx2.AsyncClient(base_url="http://{}:{}".format(*proxy.address)) as client:
                for _ in range(200):
                    try:
                        await client.get("/")
                    except httpx2.TransportError:
                        failed += 1
            assert proxy.counts.calls == 200
            assert state.requests == 200 - failed
            assert 200 * share * 0.6 <= failed <= 200 * share * 1.4

    run(main())


def test_brownout_strikes_connections_where_calls_are_unknown(run: Run) -> None:
    async def main() -> None:
        outcomes = []
        async with backend() as (_, port), Proxy("db", "127.0.0.1", port, seed=7) as proxy:
            proxy.apply(Brownout(0.3))
            for _ in range(100):
                reader, writer = await asyncio.open_connection(*proxy.address)
                outcome = ""
                for _ in range(5):
                    writer.write(GET)
                    try:
                        await answer(reader)
                    except (ConnectionError, asyncio.IncompleteReadError):
                        outcome += "x"
                        break
                    outcome += "."
                outcomes.append(outcome)
                writer.close()
        # At its first bytes or never.
        assert set(outcomes) == {"x", "....."}
        assert 15 <= outcomes.count("x") <= 45

    run(main())
