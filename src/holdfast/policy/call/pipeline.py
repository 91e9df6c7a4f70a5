"""One call, its policies in one order, from outside in.

    deadline > fallback > throttle > retry > hedge > breaker > bulkhead > timer > the attempt

- The deadline is over everything: attempts, waits, and the fallback. Where it has passed nothing starts, and
  no fallback is made either: nobody waits for it.
- The fallback is outside every policy: whatever the reason that there is no answer, the caller gets the same
  substitute. A cache is such a substitute, one that is also asked first.
- The throttle counts what callers wanted, not what retries made of it, and a call that it refuses is not
  tried again: a retry would ask the same dice.
- Retry is outside the breaker, so that the breaker sees every attempt, and a retry asks it like any other
  call.
- The hedge is inside retry: two attempts at once are one try of it, and both are charged to its budget.
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
from functools import partial
from typing import Generic, NoReturn, TypeVar, cast

from holdfast.clock import Now, monotonic
from holdfast.errors import (
    BreakerOpen,
    BulkheadFull,
    CallFailed,
    DeadlineExceeded,
    DependencyUnavailable,
    Throttled,
)
from holdfast.events import Bus, CallEnded
from holdfast.policy.breaker.guard import BreakerGuard
from holdfast.policy.breaker.hosts import HostBreakers
from holdfast.policy.bulkhead.guard import BulkheadGuard
from holdfast.policy.call.attempt import Attempt, Attempter, Failed, Run
from holdfast.policy.call.config import CallConfig
from holdfast.policy.call.judge import Judge
from holdfast.policy.deadline import ambient
from holdfast.policy.hedge.guard import HedgeGuard
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.retry import RetryBudget, layer
from holdfast.policy.retry.guard import RetryGuard
from holdfast.policy.throttle.guard import ThrottleGuard

__all__ = ["Fallback", "Pipeline"]

T = TypeVar("T")

Fallback = Callable[[DependencyUnavailable], Awaitable[T]]
"""Makes the substitute; told why it is needed. What it raises replaces the error."""


class Pipeline(Generic[T]):
    """The policies of one dependency on one loop. `await call(attempt)` is the whole of it.

    `retries`: the budget that it shares with the other dependencies of this process.
    """

    __slots__ = (
        "_attempter",
        "_bus",
        "_config",
        "_judge",
        "_now",
        "breaker",
        "bulkhead",
        "dependency",
        "hedge",
        "hosts",
        "retry",
        "throttle",
    )

    def __init__(
        self,
        config: CallConfig,
        judge: Judge[T],
        *,
        bus: Bus,
        retries: RetryBudget | None = None,
        now: Now = monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        name = config.dependency
        self.dependency = name
        self._config = config
        self._judge = judge
        self._bus = bus
        self._now = now
        breaker, bulkhead, retry = config.breaker, config.bulkhead, config.retry
        self.breaker = BreakerGuard(name, breaker, bus=bus, now=now) if breaker else None
        ejected = None if breaker is None else breaker.ejected
        self.hosts = (
            HostBreakers(name, breaker, ejected, bus=bus, now=now)
            if breaker and ejected is not None
            else None
        )
        self.bulkhead = BulkheadGuard(name, bulkhead, bus=bus) if bulkhead else None
        self.retry = (
            RetryGuard(name, retry, bus=bus, process=retries, now=now, random=random) if retry else None
        )
        self.hedge = (
            HedgeGuard(config.hedge, self.retry.extra, now=now) if config.hedge and self.retry else None
        )
        self.throttle = (
            ThrottleGuard(name, config.throttle, bus=bus, random=random) if config.throttle else None
        )
        timeout = config.timeout if config.timeout_mode is Mode.ENFORCE else None
        self._attempter: Attempter[T] = Attempter(self.breaker, self.bulkhead, timeout, now, hosts=self.hosts)

    async def call(
        self,
        attempt: Attempt[T],
        *,
        idempotent: bool = False,
        fallback: Fallback[T] | None = None,
        judge: Judge[T] | None = None,
        keep: bool = False,
        host: str | None = None,
        alone: bool = False,
    ) -> T:
        """Return what `attempt` returns, or the substitute.

        `idempotent`: repeating the call does no harm; without it there is one attempt. `judge`: instead of
        the pipeline's. `keep`: leave the bulkhead's permit of a *good* answer to the caller, who calls
        `bulkhead.leave()` when done with it (a stream). `host`: which of the dependency's hosts is called,
        where each has a breaker. `alone`: whoever makes the attempts makes one at a time, as a thread does,
        so that nothing is hedged. Raises BreakerOpen, BulkheadFull, Throttled, CallFailed, DeadlineExceeded,
        and what the judge found to be the caller's own.
        """
        started = now = self._now()
        run = Run(attempt, judge or self._judge, ambient.at(), keep, host)
        throttle, retry = self.throttle, self.retry
        try:
            if throttle is not None:
                throttle.enter(now)
            if retry is not None:
                retry.deposit(now)
            if self.hedge is not None and idempotent and not keep and not alone:
                once = self._hedged
            else:
                once = self._attempter.attempt
            while True:
                try:
                    result = await once(run, now)
                except Failed as failed:
                    verdict = failed.verdict
                    if retry is None or not await retry.again(
                        run.reached,
                        retryable=verdict.retryable,
                        idempotent=idempotent,
                        deadline=run.deadline,
                        retry_after=verdict.retry_after,
                    ):
                        if throttle is not None:
                            throttle.asked(now)
                            if verdict.shed:
                                throttle.shed(now)
                        if failed.error is None and fallback is None and not self._config.refuse:
                            self._ended(started, verdict.cause, run.reached)
                            return cast(T, failed.result)
                        self._raise(failed)
                    now, once = self._now(), self._repeat
                else:
                    if throttle is not None:
                        throttle.asked(now)
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

    async def _hedged(self, run: Run[T], now: float) -> T:
        assert self.hedge is not None  # noqa: S101 - chosen for it
        return await self.hedge.attempt(partial(self._attempter.attempt, run), now)

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
    if isinstance(error, Throttled):
        return "throttled"
    return "unavailable"
