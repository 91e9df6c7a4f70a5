from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.events import Bus, RetryDecided
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.retry import RetryConfig, RetryGuard, attempt_above, restore, retried

CALL: dict[str, Any] = {"retryable": True, "idempotent": True, "deadline": None}


def guard(mode: Mode = Mode.ENFORCE) -> tuple[RetryGuard, list[Any]]:
    bus, heard = Bus(), []
    bus.subscribe(RetryDecided, heard.append)
    bus.subscribe(PolicyObserved, heard.append)
    now = asyncio.get_running_loop().time
    retry = RetryGuard("payments", RetryConfig(3, 1.0, mode=mode), bus=bus, now=now, random=lambda: 0.8)
    for _ in range(9):
        retry.deposit(now())
    return retry, heard


def test_waits_the_backoff_and_reports(virtual: Any) -> None:
    async def main() -> None:
        retry, heard = guard()
        start = asyncio.get_running_loop().time()
        assert await retry.again(2, **CALL)
        assert asyncio.get_running_loop().time() - start == pytest.approx(0.04)
        assert not await retry.again(3, **CALL)
        assert [(e.attempt, e.granted, e.why) for e in heard] == [
            (2, True, "granted"),
            (3, False, "attempts"),
        ]
        assert heard[0].delay == pytest.approx(0.04)

    virtual(main())


def test_a_loop_that_wakes_late_starts_no_retry(virtual: Any) -> None:
    async def main() -> None:
        retry, heard = guard()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 0.05
        loop.call_later(0.01, lambda: setattr(loop, "_virtual", loop.time() + 5))  # something blocks it
        assert not await retry.again(2, **CALL | {"deadline": deadline})
        assert heard[0].granted

    virtual(main())


def test_observing_repeats_nothing(virtual: Any) -> None:
    async def main() -> None:
        retry, heard = guard(Mode.OBSERVE)
        assert not await retry.again(1, **CALL)
        assert [(event.policy, event.would) for event in heard] == [("retry", "retry")]

    virtual(main())


@pytest.mark.parametrize(
    ("mode", "granted", "said"),
    [(Mode.ENFORCE, True, "hedge"), (Mode.OBSERVE, False, "retry"), (Mode.OFF, False, "")],
)
def test_an_attempt_beside_the_first(virtual: Any, mode: Mode, granted: bool, said: str) -> None:
    async def main() -> None:
        retry, heard = guard(mode)
        assert retry.extra(asyncio.get_running_loop().time()) is granted
        words = [event.why if isinstance(event, RetryDecided) else event.would for event in heard]
        assert words == ([said] if said else [])
        token = retried(2)
        assert not retry.extra(asyncio.get_running_loop().time())
        restore(token)

    virtual(main())


def test_below_a_retried_attempt_nobody_retries(virtual: Any) -> None:
    async def main() -> None:
        retry, heard = guard()
        token = retried(2)
        assert attempt_above() == 2
        assert not await asyncio.create_task(retry.again(1, **CALL))
        restore(token)
        assert attempt_above() == 1
        assert heard[0].why == "layer"

    virtual(main())
