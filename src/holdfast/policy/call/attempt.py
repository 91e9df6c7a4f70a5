"""One attempt: breaker > bulkhead > timer > the call itself, judged. The order is explained in `pipeline`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, NoReturn, TypeVar

from holdfast.clock import Now
from holdfast.errors import DeadlineExceeded, Refusal
from holdfast.policy.breaker.guard import BreakerGuard
from holdfast.policy.breaker.hosts import HostBreakers
from holdfast.policy.bulkhead.guard import BulkheadGuard
from holdfast.policy.call.judge import Judge, Verdict
from holdfast.policy.deadline.guard import Cut
from holdfast.policy.outcome import Outcome

__all__ = ["Attempt", "Attempter", "Failed", "Run"]

T = TypeVar("T")

Attempt = Callable[[float | None], Awaitable[T]]
"""Called once an attempt with the seconds that it has (None: unlimited)."""

_TIMED_OUT = Verdict("timeout")


class Failed(Exception):
    """An attempt failed: with `error`, or with `result` where `error` is None. Never leaves the pipeline."""

    def __init__(self, verdict: Verdict, result: object, error: BaseException | None) -> None:
        self.verdict = verdict
        self.result = result
        self.error = error


class Run(Generic[T]):
    """One call under way. `reached`: its attempts that reached for the network, ended or cut short."""

    __slots__ = ("attempt", "deadline", "host", "judge", "keep", "reached")

    def __init__(
        self,
        attempt: Attempt[T],
        judge: Judge[T],
        deadline: float | None,
        keep: bool,
        host: str | None = None,
    ) -> None:
        self.attempt = attempt
        self.judge = judge
        self.deadline = deadline
        self.keep = keep
        self.host = host
        self.reached = 0


class Attempter(Generic[T]):
    """Makes single attempts. `timeout`: seconds that each may take, None: only the deadline bounds it.

    `hosts`: the breakers of calls that say their host, instead of `breaker`.
    """

    __slots__ = ("_breaker", "_bulkhead", "_hosts", "_now", "_timeout")

    def __init__(
        self,
        breaker: BreakerGuard | None,
        bulkhead: BulkheadGuard | None,
        timeout: float | None,
        now: Now,
        *,
        hosts: HostBreakers | None = None,
    ) -> None:
        self._hosts = hosts
        self._breaker = breaker
        self._bulkhead = bulkhead
        self._timeout = timeout
        self._now = now

    async def attempt(self, run: Run[T], now: float) -> T:
        """Return a good result. Raises Failed, DeadlineExceeded, a Refusal, or what is the caller's own."""
        if run.deadline is not None and now >= run.deadline:
            raise DeadlineExceeded
        breaker, bulkhead = self._breaker, self._bulkhead
        if run.host is not None and self._hosts is not None:
            breaker = self._hosts.of(run.host)
        token = 0 if breaker is None else breaker.enter(now)
        outcome = Outcome.IGNORED
        held = False
        try:
            if bulkhead is not None:
                bulkhead.enter(now)
                held = True
            run.reached += 1
            result = await self._timed(run, now)
            verdict = run.judge.result(result)
            if verdict is None:
                outcome = Outcome.SUCCESS
                held = held and not run.keep
                return result
            raise Failed(verdict, result, None)
        except Failed as failed:
            outcome = failed.verdict.outcome
            raise
        finally:
            if held and bulkhead is not None:
                bulkhead.leave()
            if breaker is not None:
                breaker.settle(token, outcome, self._now())

    async def _timed(self, run: Run[T], now: float) -> T:
        attempt, deadline = run.attempt, run.deadline
        until, own = deadline, False
        if self._timeout is not None and (deadline is None or now + self._timeout <= deadline):
            until, own = now + self._timeout, True
        if until is None:
            try:
                return await attempt(None)
            except Exception as error:  # noqa: BLE001 - the judge knows which of them are whose
                _blame(run.judge, error)
        cut = Cut(until)
        try:
            result = await attempt(until - now)
        except asyncio.CancelledError as error:
            if not cut.stop(error):
                raise
            if own:
                raise Failed(_TIMED_OUT, None, error) from None
            raise DeadlineExceeded from None
        except Exception as error:
            cut.stop()
            if not cut.fired and self._now() < until:
                _blame(run.judge, error)
            # What it raised is its way to say that it was cancelled, or kept the limit itself, as threads do
            # a tick before the wheel.
            if own:
                raise Failed(_TIMED_OUT, None, error) from None
            raise DeadlineExceeded from error
        except BaseException:
            cut.stop()
            raise
        cut.stop()
        return result


def _blame(judge: Judge[T], error: Exception) -> NoReturn:
    verdict = None if isinstance(error, Refusal) else judge.error(error)
    if verdict is None:
        raise error
    raise Failed(verdict, None, error) from error
