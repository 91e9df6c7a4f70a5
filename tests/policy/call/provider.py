"""A dependency that answers as told, and a call of it with every policy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided
from holdfast.policy.breaker import BreakerConfig
from holdfast.policy.bulkhead import BulkheadConfig
from holdfast.policy.call import CallConfig, Judge, Pipeline, Verdict, judge_exceptions
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.retry import RetryBudget, RetryConfig, attempt_above

FULL = CallConfig(
    "payments",
    timeout=0.4,
    breaker=BreakerConfig(10.0, 0.5, 5.0, minimum=4, half_open=1),
    bulkhead=BulkheadConfig(3),
    retry=RetryConfig(2, 1.0, base=0.01, cap=0.02),
)


def bad_words(result: str) -> Verdict | None:
    return Verdict(result, shed=result == "status 429") if result.startswith("status") else None


JUDGE: Judge[str] = Judge(bad_words, judge_exceptions.error)


def now() -> float:
    return asyncio.get_running_loop().time()


def pipeline(
    config: CallConfig = FULL,
    dice: Callable[[], float] = lambda: 0.5,
    judge: Judge[str] = JUDGE,
    retries: RetryBudget | None = None,
) -> tuple[Pipeline[str], list[Any]]:
    bus, heard = Bus(), []
    for kind in (CallEnded, RetryDecided, BreakerChanged, PolicyObserved):
        bus.subscribe(kind, heard.append)
    return Pipeline(config, judge, bus=bus, retries=retries, now=now, random=dice), heard


class Provider:
    """Answers as told, then "fine": an exception, a word, or seconds of silence before "fine"."""

    def __init__(self, *script: object) -> None:
        self.script = list(script)
        self.calls = 0
        self.left: list[float | None] = []
        self.layers: list[int] = []

    async def __call__(self, left: float | None) -> str:
        self.calls += 1
        self.left.append(left)
        self.layers.append(attempt_above())
        step = self.script.pop(0) if self.script else "fine"
        if isinstance(step, float):
            await asyncio.sleep(step)
            return "fine"
        await asyncio.sleep(0)
        if isinstance(step, BaseException):
            raise step
        return str(step)
