"""What each policy sees of the others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from holdfast.errors import BreakerOpen, BulkheadFull, CallFailed, Throttled
from holdfast.events import CallEnded, RetryDecided
from holdfast.policy import deadline
from holdfast.policy.breaker import BreakerConfig
from holdfast.policy.bulkhead import BulkheadConfig
from holdfast.policy.call import CallConfig, Judge, Verdict, judge_exceptions
from holdfast.policy.hedge import HedgeConfig
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.outcome import Outcome
from holdfast.policy.retry import RetryConfig, attempt_above
from holdfast.policy.throttle import ThrottleConfig
from tests.policy.call.provider import FULL, Provider, now, pipeline


def test_each_attempt_is_told_what_it_has_left(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()
        provider = Provider(9.0)
        async with deadline.within(0.6, now=now):
            await line.call(provider, idempotent=True)
        assert provider.left[0] == pytest.approx(0.4)
        assert provider.left[1] is not None
        assert 0.18 < provider.left[1] < 0.2
        assert provider.layers == [1, 2]
        assert attempt_above() == 1

    virtual(main())


def test_an_open_breaker_calls_nobody_and_takes_no_permit(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline()
        provider = Provider(*[ConnectionRefusedError()] * 9)
        for _ in range(2):
            with pytest.raises(CallFailed):
                await line.call(provider, idempotent=True)
        heard.clear()
        with pytest.raises(BreakerOpen) as refused:
            await line.call(provider)
        assert refused.value.retry_after == pytest.approx(5.0, abs=0.1)
        assert provider.calls == 4
        assert [(e.outcome, e.attempts) for e in heard] == [("breaker", 0)]
        await asyncio.sleep(5)
        provider.script.clear()
        assert await line.call(provider) == "fine"
        assert line.breaker is not None
        assert line.breaker.core.state.value == "closed"

    virtual(main())


def test_a_full_bulkhead_is_no_failure_of_the_dependency(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline()
        provider = Provider(0.1, 0.1, 0.1)
        inside = [asyncio.create_task(line.call(provider)) for _ in range(3)]
        await asyncio.sleep(0)
        for _ in range(50):
            with pytest.raises(BulkheadFull):
                await line.call(provider)
        assert line.breaker is not None
        assert line.breaker.core.state.value == "closed"
        assert {(e.outcome, e.attempts) for e in heard} == {("bulkhead", 0)}
        assert await asyncio.gather(*inside) == ["fine"] * 3
        assert provider.calls == 3

    virtual(main())


def test_waiting_for_a_retry_holds_no_permit(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline(replace(FULL, bulkhead=BulkheadConfig(1)))
        first = asyncio.create_task(line.call(Provider(ConnectionRefusedError()), idempotent=True))
        await asyncio.sleep(0.001)
        assert await line.call(Provider()) == "fine"
        assert await first == "fine"

    virtual(main())


def test_a_kept_permit_is_the_callers(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()
        assert line.bulkhead is not None
        await line.call(Provider(), keep=True)
        assert line.bulkhead.core.in_flight == 1
        line.bulkhead.leave()
        await line.call(Provider("status 500", "status 500"), keep=True)
        with pytest.raises(CallFailed):
            await line.call(Provider(OSError()), keep=True)
        assert line.bulkhead.core.in_flight == 0

    virtual(main())


def test_retry_after_is_honoured_within_the_deadline(virtual: Any) -> None:
    async def main() -> None:
        def busy(result: str) -> Verdict | None:
            return Verdict(result, Outcome.IGNORED, retry_after=1.0) if result == "busy" else None

        judge = Judge(busy, judge_exceptions.error)
        line, _ = pipeline(replace(FULL, refuse=True), judge=judge)
        start = now()
        async with deadline.within(3.0, now=now):
            assert await line.call(Provider("busy"), idempotent=True) == "fine"
        assert 1.0 <= now() - start <= 1.02
        with pytest.raises(CallFailed) as failed:
            async with deadline.within(0.5, now=now):
                await line.call(Provider("busy"), idempotent=True)
        assert failed.value.retry_after == 1.0

    virtual(main())


def test_nested_calls_retry_in_one_layer_only(virtual: Any) -> None:
    async def main() -> None:
        outer, _ = pipeline()
        inner, _ = pipeline(replace(FULL, dependency="inner"))
        provider = Provider(*[ConnectionRefusedError()] * 99)

        async def through(left: float | None) -> str:
            try:
                return await inner.call(provider, idempotent=True)
            except CallFailed:
                raise ConnectionResetError from None

        with pytest.raises(CallFailed):
            await outer.call(through, idempotent=True)
        assert provider.calls == 3  # two below the first attempt, one below the marked one; not four

    virtual(main())


def test_observing_changes_nothing_and_reports(virtual: Any) -> None:
    async def main() -> None:
        observe = Mode.OBSERVE
        config = CallConfig(
            "payments",
            timeout=0.4,
            timeout_mode=observe,
            breaker=BreakerConfig(10.0, 0.5, 5.0, minimum=1, mode=observe),
            bulkhead=BulkheadConfig(1, observe),
            retry=RetryConfig(2, 1.0, mode=observe),
        )
        line, heard = pipeline(config)
        assert await line.call(Provider(3.0), idempotent=True) == "fine"
        with pytest.raises(CallFailed):
            await line.call(Provider(ConnectionRefusedError()), idempotent=True)
        both = [line.call(Provider(), idempotent=True) for _ in range(2)]
        assert await asyncio.gather(*both) == ["fine", "fine"]
        said = {(e.policy, e.would) for e in heard if isinstance(e, PolicyObserved)}
        assert said == {("timeout", "cut"), ("retry", "retry"), ("breaker", "refuse"), ("bulkhead", "refuse")}

    virtual(main())


def test_contradiction_of_lease_and_timeout() -> None:
    with pytest.raises(ValueError, match="slow trials would count for nothing"):
        replace(FULL, breaker=BreakerConfig(10.0, 0.5, 5.0, lease=0.3))


def test_a_throttled_call_is_neither_tried_nor_retried(virtual: Any) -> None:
    async def main() -> None:
        config = replace(FULL, breaker=None, throttle=ThrottleConfig())
        line, heard = pipeline(config, dice=lambda: 0.0)
        shedding = Provider(*["status 429"] * 9)
        assert await line.call(shedding) == "status 429"
        with pytest.raises(Throttled):
            await line.call(shedding, idempotent=True)
        assert shedding.calls == 1
        assert [(e.outcome, e.attempts) for e in heard if isinstance(e, CallEnded)] == [
            ("status 429", 1),
            ("throttled", 0),
        ]

    virtual(main())


def test_the_throttle_counts_calls_and_not_retries(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline(replace(FULL, throttle=ThrottleConfig()), dice=lambda: 0.99)
        await line.call(Provider("status 429", "status 429"), idempotent=True)
        await line.call(Provider("status 429"), idempotent=True)  # accepted in the end
        assert line.throttle is not None
        assert line.throttle.core.chance(now()) == 0.0  # of two calls, one was accepted

    virtual(main())


def test_a_hedge_is_inside_the_breaker_and_the_budget(virtual: Any) -> None:
    async def main() -> None:
        config = replace(FULL, hedge=HedgeConfig(0.5))
        line, heard = pipeline(config)
        for _ in range(2):
            assert await line.call(Provider(0.01), idempotent=True) == "fine"
        late = Provider(0.3, 0.02)
        start = now()
        assert await line.call(late, idempotent=True) == "fine"
        assert now() - start < 0.1
        assert late.layers == [1, 2]
        assert [(e.granted, e.why) for e in heard if isinstance(e, RetryDecided)] == [(True, "hedge")]
        assert [e.attempts for e in heard if isinstance(e, CallEnded)] == [1, 1, 2]
        assert line.bulkhead is not None
        assert line.bulkhead.core.in_flight == 0
        assert await line.call(not_twice := Provider(0.3), idempotent=False) == "fine"
        assert await line.call(kept := Provider(0.3), idempotent=True, keep=True) == "fine"
        assert (not_twice.calls, kept.calls) == (1, 1)

    virtual(main())


def test_a_hedge_needs_a_budget() -> None:
    with pytest.raises(ValueError, match="charged to the retry budget"):
        replace(FULL, hedge=HedgeConfig(0.95), retry=None)
