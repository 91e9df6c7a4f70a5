"""One call, its policies in one order: fallback > deadline > retry > breaker > bulkhead > attempt and timer.

- The fallback is outermost: whatever the reason that there is no answer, the caller gets the same substitute.
- The deadline is over all attempts and the waits between them. Where it has passed nothing starts, and no
  fallback is made either: nobody waits for it.
- Retry is outside the breaker, so that the breaker sees every attempt, and a retry asks it like any other
  call.
- The breaker is outside the bulkhead: where nothing may be called, no permit is needed. A full bulkhead says
  something of us and nothing of the dependency, so the breaker ignores it.
- The bulkhead's permit is held by an attempt only, not while a retry waits.
- The timer is around the attempt alone. There is one, at the earlier of the attempt's own limit and the
  deadline, and which of them it was decides what the end means: its own limit is the dependency's failure;
  the deadline is not, for the dependency never had its time.

Cancellation by the caller passes through unchanged and counts for nothing; permits and leases are returned
first.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Generic, NoReturn, TypeVar, cast

from holdfast.clock import Now, monotonic
from holdfast.errors import (
    BreakerOpen,
    BulkheadFull,
    CallFailed,
    DeadlineExceeded,
    DependencyUnavailable,
)
from holdfast.events import Bus, CallEnded
from holdfast.policy.breaker.guard import BreakerGuard
from holdfast.policy.bulkhead.guard import BulkheadGuard
from holdfast.policy.call.attempt import Attempt, Attempter, Failed, Run
from holdfast.policy.call.config import CallConfig
from holdfast.policy.call.judge import Judge
from holdfast.policy.deadline import ambient
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.retry import layer
from holdfast.policy.retry.guard import RetryGuard

__all__ = ["Fallback", "Pipeline"]

T = TypeVar("T")

Fallback = Callable[[DependencyUnavailable], Awaitable[T]]
"""Makes the substitute; told why it is needed. What it raises replaces the error."""


class Pipeline(Generic[T]):
    """The policies of one dependency on one loop. `await call(attempt)` is the whole of it."""

    __slots__ = ("_attempter", "_bus", "_config", "_now", "breaker", "bulkhead", "dependency", "retry")

    def __init__(
        self,
        config: CallConfig,
        judge: Judge[T],
        *,
        bus: Bus,
        now: Now = monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        name = config.dependency
        self.dependency = name
        self._config = config
        self._bus = bus
        self._now = now
        breaker, bulkhead, retry = config.breaker, config.bulkhead, config.retry
        self.breaker = BreakerGuard(name, breaker, bus=bus) if breaker else None
        self.bulkhead = BulkheadGuard(name, bulkhead, bus=bus) if bulkhead else None
        self.retry = RetryGuard(name, retry, bus=bus, now=now, random=random) if retry else None
        timeout = config.timeout if config.timeout_mode is Mode.ENFORCE else None
        self._attempter = Attempter(self.breaker, self.bulkhead, timeout, judge, now)

    async def call(
        self,
        attempt: Attempt[T],
        *,
        idempotent: bool = False,
        fallback: Fallback[T] | None = None,
        keep: bool = False,
    ) -> T:
        """Return what `attempt` returns, or the substitute.

        `idempotent`: repeating the call does no harm; without it there is one attempt. `keep`: leave the
        bulkhead's permit of a *good* answer to the caller, who calls `bulkhead.leave()` when done with it
        (a stream). Raises BreakerOpen, BulkheadFull, CallFailed, DeadlineExceeded, and what the judge found
        to be the caller's own.
        """
        started = now = self._now()
        run = Run(attempt, ambient.at(), keep)
        retry = self.retry
        if retry is not None:
            retry.deposit(now)
        try:
            while True:
                try:
                    result = await (
                        self._repeat(run, now) if run.reached else self._attempter.attempt(run, now)
                    )
                except Failed as failed:
                    verdict = failed.verdict
                    if retry is None or not await retry.again(
                        run.reached,
                        retryable=verdict.retryable,
                        idempotent=idempotent,
                        deadline=run.deadline,
                        retry_after=verdict.retry_after,
                    ):
                        if failed.error is None and fallback is None and not self._config.refuse:
                            self._ended(started, verdict.cause, run.reached)
                            return cast(T, failed.result)
                        self._raise(failed)
                    now = self._now()
                else:
                    self._ended(started, "ok", run.reached)
                    return result
        except DependencyUnavailable as error:
            return await self._substitute(started, run.reached, error, fallback)
        except DeadlineExceeded:
            self._ended(started, "deadline", run.reached)
            raise
        except asyncio.CancelledError:
            # The door's timer may have fired together with ours: the deadline it is, whoever was first.
            late = run.deadline is not None and self._now() >= run.deadline
            self._ended(started, "deadline" if late else "cancelled", run.reached)
            raise
        except Exception as error:
            self._ended(started, type(error).__name__, run.reached)
            raise

    async def _repeat(self, run: Run[T], now: float) -> T:
        token = layer.retried(run.reached + 1)
        try:
            return await self._attempter.attempt(run, now)
        finally:
            layer.restore(token)

    def _raise(self, failed: Failed) -> NoReturn:
        retry_after = failed.verdict.retry_after
        raise CallFailed(
            self.dependency,
            failed.verdict.cause,
            retry_after=None if retry_after is None or retry_after < 0 else retry_after,
        ) from failed.error

    async def _substitute(
        self, started: float, reached: int, error: DependencyUnavailable, fallback: Fallback[T] | None
    ) -> T:
        outcome = _outcome(error)
        if fallback is None:
            self._ended(started, outcome, reached)
            raise error
        try:
            result = await fallback(error)
        except BaseException:
            self._ended(started, outcome, reached)
            raise
        self._ended(started, outcome, reached, degraded=True)
        return result

    def _ended(self, started: float, outcome: str, attempts: int, *, degraded: bool = False) -> None:
        now = self._now()
        bus = self._bus
        if self._config.timeout_mode is Mode.OBSERVE:
            self._observe(now, now - started, attempts)
        if bus.wanted(CallEnded):
            bus.emit(CallEnded(now, self.dependency, outcome, attempts, degraded, now - started))

    def _observe(self, now: float, duration: float, attempts: int) -> None:
        timeout = self._config.timeout
        if timeout is not None and duration > timeout * max(1, attempts):
            self._bus.emit(PolicyObserved(now, "timeout", self.dependency, "cut", f"took {duration:.3f} s"))


def _outcome(error: DependencyUnavailable) -> str:
    if isinstance(error, CallFailed):
        return error.cause
    if isinstance(error, BreakerOpen):
        return "breaker"
    if isinstance(error, BulkheadFull):
        return "bulkhead"
    return "unavailable"
