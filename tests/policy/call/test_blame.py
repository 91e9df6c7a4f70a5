"""What is no failure of the dependency counts for nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.errors import BreakerOpen, BulkheadFull, CallFailed
from holdfast.policy.call import Judge
from holdfast.policy.deadline import current
from tests.policy.call.provider import Provider, bad_words, now, pipeline


def test_cancellation_passes_and_counts_for_nothing(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline()
        task = asyncio.create_task(line.call(Provider(9.0), idempotent=True))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        assert line.breaker is not None
        assert line.breaker.core.counts(now()).failures == 0
        assert line.bulkhead is not None
        assert line.bulkhead.core.in_flight == 0
        assert current().waiting() == 0
        assert [(e.outcome, e.attempts) for e in heard] == [("cancelled", 1)]

    virtual(main())


def test_a_cancelled_trial_leaves_the_breaker_able_to_try_again(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()
        for _ in range(2):
            with pytest.raises(CallFailed):
                await line.call(Provider(*[ConnectionRefusedError()] * 2), idempotent=True)
        await asyncio.sleep(5)
        trial = asyncio.create_task(line.call(Provider(9.0)))
        await asyncio.sleep(0)
        with pytest.raises(BreakerOpen):
            await line.call(Provider())
        trial.cancel()
        await asyncio.wait([trial])
        assert await line.call(Provider()) == "fine"

    virtual(main())


def test_the_callers_own_mistake_is_raised_as_it_is(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline(judge=Judge(bad_words, lambda error: None))
        with pytest.raises(ValueError, match="mine"):
            await line.call(Provider(ValueError("mine")), idempotent=True)
        assert [(e.outcome, e.attempts) for e in heard] == [("ValueError", 1)]
        assert line.breaker is not None
        assert line.breaker.core.counts(now()).failures == 0

    virtual(main())


def test_a_refusal_from_below_is_not_this_dependencys(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()
        with pytest.raises(BulkheadFull, match="other"):
            await line.call(Provider(BulkheadFull("other")), idempotent=True)
        assert line.breaker is not None
        assert line.breaker.core.counts(now()).failures == 0

    virtual(main())
