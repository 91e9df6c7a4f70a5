"""What a call holds is given back, however it ends."""

from __future__ import annotations

import asyncio
import random
import time

import httpx2
import pytest

from holdfast.errors import (
    CallFailed,
    DeadlineExceeded,
    DependencyUnavailable,
)
from holdfast.policy import deadline
from tests.client.http.rig import Rig, run
from tests.client.provider import (
    Provider,
    blackhole,
    fine,
    hang_up,
    reset,
    slow,
    status,
    stuck_body,
)
from tests.client.section import HASTY


def test_a_stream_holds_its_permit_until_it_is_closed(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, leave=("breaker",), section=HASTY)
        async with rig.client as payments:
            async with payments.stream("GET", "/export") as answer:
                bulkhead = rig.client.policies.lanes.current().pipeline.bulkhead
                assert bulkhead is not None
                assert bulkhead.core.in_flight == 1
                assert b"".join([part async for part in answer.aiter_bytes()]) == b"fine"
            rig.idle()
            async with payments.stream("GET", "/export"):
                pass  # never read
            rig.idle()
            provider.script = [status(500), status(500)]
            with pytest.raises(CallFailed):
                async with payments.stream("GET", "/export"):
                    pytest.fail("there is nothing to stream")
            provider.script = [stuck_body]
            with pytest.raises(httpx2.ReadTimeout):
                async with payments.stream("GET", "/export") as answer:
                    await answer.aread()
            rig.idle()

    run(main())


def test_the_pool_survives_timeouts_under_load(provider: Provider) -> None:
    async def main() -> None:
        breaker = {"window": "10s", "failures": "100%", "open": "5s"}
        rig = Rig(provider, section={**HASTY, "breaker": breaker})
        provider.default = blackhole
        async with rig.client as payments:
            await asyncio.gather(*(payments.get("/charges") for _ in range(30)), return_exceptions=True)
            rig.idle()
            provider.default = fine
            assert (await payments.get("/charges")).text == "fine"
            rig.idle()

    run(main())


@pytest.mark.parametrize("seed", range(4))
def test_nothing_leaks_under_random_cancellation(provider: Provider, seed: int) -> None:
    async def main() -> None:
        dice = random.Random(seed)
        # A breaker that never opens, so that every call goes all the way.
        breaker = {"window": "10s", "failures": "100%", "open": "5s", "minimum": 10_000}
        rig = Rig(provider, section={"breaker": breaker, "timeout": {"connect": "20ms", "total": "40ms"}})
        behaviours = [fine, fine, slow(0.02), blackhole, stuck_body, reset, hang_up, status(503)]
        provider.script = [dice.choice(behaviours) for _ in range(400)]

        async def one() -> None:
            limit = dice.choice([None, 0.01, 0.03])
            token = deadline.tighten(None if limit is None else time.monotonic() + limit)
            try:
                if dice.random() < 0.5:
                    await rig.client.get("/charges")
                else:
                    async with rig.client.stream("GET", "/charges") as answer:
                        await answer.aread()
            except (DependencyUnavailable, DeadlineExceeded, httpx2.TransportError):
                pass
            finally:
                deadline.restore(token)

        tasks = []
        for _ in range(150):
            tasks.append(asyncio.create_task(one()))
            await asyncio.sleep(dice.choice([0, 0, 0.002, 0.01]))
            if dice.random() < 0.4:
                dice.choice(tasks).cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError), repr(result)
        rig.idle()
        provider.script.clear()
        assert (await rig.client.get("/charges")).text == "fine"
        rig.idle()
        await rig.client.aclose()

    run(main())
