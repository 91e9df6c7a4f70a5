"""Faults that come and go by themselves."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.gate.fault.kinds import Brownout, Refuse, Script, flap
from holdfast.gate.fault.proxy import Proxy
from tests.gate.fault.conftest import Run
from tests.gate.fault.servers import backend


async def connects(proxy: Proxy) -> bool:
    try:
        _, writer = await asyncio.open_connection(*proxy.address)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def test_a_dependency_flaps_until_something_else_holds(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port), Proxy("payments", "127.0.0.1", port) as proxy:
            script = flap(Refuse(), down=0.05, up=0.05)
            proxy.apply(script)
            assert not await connects(proxy)  # it begins at once
            seen = [False]
            while seen.count(True) < 3 or seen.count(False) < 3:
                now = await connects(proxy)
                if now != seen[-1]:
                    seen.append(now)
                await asyncio.sleep(0.005)
            assert proxy.fault == script
            proxy.apply(None)
            assert await connects(proxy)
            await asyncio.sleep(0.2)
            assert await connects(proxy)

    run(main())


def test_a_script_ends_with_its_proxy(run: Run) -> None:
    async def main() -> None:
        async with backend() as (_, port):
            proxy = Proxy("payments", "127.0.0.1", port)
            await proxy.start()
            proxy.apply(Script(((0.02, Brownout(0.5)), (0.02, None))))
            await proxy.close()
            await asyncio.sleep(0.1)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*proxy.address)

    run(main())
