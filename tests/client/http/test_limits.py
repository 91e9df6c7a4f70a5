"""Breaker, bulkhead and deadline around real calls."""

from __future__ import annotations

import asyncio

import pytest

from holdfast.clock import monotonic
from holdfast.errors import (
    BreakerOpen,
    BulkheadFull,
    CallFailed,
    DeadlineExceeded,
)
from holdfast.policy import deadline
from tests.client.http.rig import Rig, run
from tests.client.provider import (
    Provider,
    blackhole,
    slow,
    status,
)


def test_the_breaker_opens_and_spares_the_provider(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        provider.default = status(500)
        async with rig.client as payments:
            for _ in range(2):
                with pytest.raises(CallFailed):
                    await payments.get("/charges")
            for _ in range(20):
                with pytest.raises(BreakerOpen) as refused:
                    await payments.get("/charges")
            assert refused.value.retry_after is not None
            assert 4 < refused.value.retry_after <= 5
            rig.idle()
        assert len(provider.seen) == 4

    run(main())


def test_the_bulkhead_bounds_calls_and_connections(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        provider.default = slow(0.1)
        async with rig.client as payments:
            results = await asyncio.gather(
                *(payments.get("/charges") for _ in range(20)), return_exceptions=True
            )
            full = [result for result in results if isinstance(result, BulkheadFull)]
            assert len(full) == 15
            assert provider.connections == 5
            rig.idle()

    run(main())


def test_the_deadline_is_forwarded_and_ends_the_call(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider)
        async with rig.client as payments:
            await payments.get("/own")
            async with deadline.within(5.0):
                await payments.get("/ambient")
                await payments.get("/asked", headers={"X-Request-Timeout": "4s"})
            provider.script = [blackhole]
            with pytest.raises(DeadlineExceeded):
                async with deadline.within(0.1):
                    await payments.get("/late")
            lane = rig.client.policies.lanes.current()
            assert lane.pipeline.breaker is not None
            assert lane.pipeline.breaker.core.counts(monotonic()).failures == 0
            rig.idle()
        told = {seen.path: float(seen.headers["x-request-timeout"]) for seen in provider.seen}
        assert 9 < told["/own"] <= 10
        assert 1 < told["/ambient"] <= 5
        assert told["/asked"] == 4
        assert rig.ended[-1] == ("deadline", 1, False)

    run(main())


def test_each_host_has_a_breaker_of_its_own(provider: Provider) -> None:
    async def main() -> None:
        with Provider() as other:
            breaker = {"window": "10s", "failures": "50%", "open": "5s", "minimum": 2, "ejected": "10%"}
            rig = Rig(provider, section={"breaker": breaker})
            provider.default = status(500)
            async with rig.client as payments:
                with pytest.raises(CallFailed):
                    await payments.get("/charges")
                with pytest.raises(BreakerOpen):
                    await payments.get("/charges")
                assert (await payments.get(f"{other.url}/charges")).status_code == 200

    run(main())


def test_a_late_read_is_sent_a_second_time(provider: Provider) -> None:
    async def main() -> None:
        rig = Rig(provider, section={"hedge": {"percentile": "50%"}})
        async with rig.client as payments:
            hedge = rig.client.policies.lanes.current().pipeline.hedge
            assert hedge is not None
            for _ in range(10):
                await payments.get("/charges")
            hedge.latency.value = 0.01
            provider.script.append(blackhole)
            assert (await payments.get("/charges")).status_code == 200
            assert rig.ended[-1] == ("ok", 2, False)
            marks = {seen.headers.get("holdfast-attempt") for seen in provider.seen[-2:]}
            assert marks == {None, "2"}
            rig.idle()

    run(main())
