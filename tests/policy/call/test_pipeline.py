"""The composition: what each policy sees of the others, in a table of situations and in random histories."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import BreakerOpen, BulkheadFull, CallFailed, DeadlineExceeded, DependencyUnavailable
from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided
from holdfast.policy import deadline
from holdfast.policy.breaker import BreakerConfig
from holdfast.policy.bulkhead import BulkheadConfig
from holdfast.policy.call import CallConfig, Judge, Pipeline, Verdict, judge_exceptions
from holdfast.policy.deadline import current
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.outcome import Outcome
from holdfast.policy.retry import RetryConfig, attempt_above
from tests.policy.virtual_loop import run_virtual

FULL = CallConfig(
    "payments",
    timeout=0.4,
    breaker=BreakerConfig(10.0, 0.5, 5.0, minimum=4, half_open=1),
    bulkhead=BulkheadConfig(3),
    retry=RetryConfig(2, 1.0, base=0.01, cap=0.02),
)


def bad_words(result: str) -> Verdict | None:
    return Verdict(result) if result.startswith("status") else None


JUDGE: Judge[str] = Judge(bad_words, judge_exceptions.error)


def now() -> float:
    return asyncio.get_running_loop().time()


def pipeline(
    config: CallConfig = FULL, dice: Callable[[], float] = lambda: 0.5, judge: Judge[str] = JUDGE
) -> tuple[Pipeline[str], list[Any]]:
    bus, heard = Bus(), []
    for kind in (CallEnded, RetryDecided, BreakerChanged, PolicyObserved):
        bus.subscribe(kind, heard.append)
    return Pipeline(config, judge, bus=bus, now=now, random=dice), heard


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


@dataclass(frozen=True)
class Case:
    """A script, and what has to come of it."""

    name: str
    script: tuple[object, ...]
    result: object
    calls: int
    outcome: str
    failures: int  # as the breaker counts them
    idempotent: bool = True
    deadline: float | None = None
    config: CallConfig = FULL


CASES = [
    Case("good", (), "fine", 1, "ok", 0),
    Case("refused once", (ConnectionRefusedError(),), "fine", 2, "ok", 1),
    Case("refused for good", (ConnectionRefusedError(),) * 9, CallFailed, 2, "connect", 2),
    Case("not repeatable", (ConnectionResetError(),), CallFailed, 1, "reset", 1, idempotent=False),
    Case("slow once", (9.0,), "fine", 2, "ok", 1),
    Case("slow for good", (9.0, 9.0), CallFailed, 2, "timeout", 2),
    Case("bad answer once", ("status 503",), "fine", 2, "ok", 1),
    Case("bad answer passed on", ("status 503", "status 502"), "status 502", 2, "status 502", 2),
    Case("bad answer refused", ("status 503", "status 502"), CallFailed, 2, "status 502", 2,
         config=replace(FULL, refuse=True)),
    Case("deadline cuts the attempt", (9.0,), DeadlineExceeded, 1, "deadline", 0, deadline=0.1),
    Case("deadline forbids the retry", (0.395, ConnectionRefusedError()), "fine", 1, "ok", 0, deadline=0.4),
    Case("own limit, then the deadline", (9.0, 9.0), DeadlineExceeded, 2, "deadline", 1, deadline=0.6),
    Case("no time for a retry", (9.0,), CallFailed, 1, "timeout", 1, deadline=0.405),
    Case("deadline passed", (), DeadlineExceeded, 0, "deadline", 0, deadline=0.0),
    Case("without a limit of its own", (3.0,), "fine", 1, "ok", 0, config=replace(FULL, timeout=None)),
    Case("without retries", (ConnectionRefusedError(),), CallFailed, 1, "connect", 1,
         config=replace(FULL, retry=None)),
    Case("without anything", (3.0,), "fine", 1, "ok", 0, config=CallConfig("payments")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_composition(virtual: Any, case: Case) -> None:
    async def main() -> None:
        line, heard = pipeline(case.config)
        provider = Provider(*case.script)
        at = None if case.deadline is None else now() + case.deadline
        token = deadline.tighten(at)
        try:
            result: object = await line.call(provider, idempotent=case.idempotent)
        except DeadlineExceeded as error:
            result = type(error)
        except DependencyUnavailable as error:
            result = type(error)
        finally:
            deadline.restore(token)
        assert result == case.result
        assert provider.calls == case.calls
        ended = [event for event in heard if isinstance(event, CallEnded)]
        assert [(e.outcome, e.attempts, e.degraded) for e in ended] == [(case.outcome, case.calls, False)]
        if line.breaker is not None:
            assert line.breaker.core._failures.total == case.failures
        assert line.bulkhead is None or line.bulkhead.core.in_flight == 0
        assert current().waiting() == 0
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    virtual(main())


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


def test_the_fallback_is_outermost(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline()
        why: list[type[DependencyUnavailable]] = []

        async def cached(error: DependencyUnavailable) -> str:
            why.append(type(error))
            return "cached"

        provider = Provider(*[ConnectionRefusedError()] * 4)
        for _ in range(3):
            assert await line.call(provider, idempotent=True, fallback=cached) == "cached"
        assert why == [CallFailed, CallFailed, BreakerOpen]
        ended = [event for event in heard if isinstance(event, CallEnded)]
        assert [(e.outcome, e.degraded) for e in ended] == [
            ("connect", True),
            ("connect", True),
            ("breaker", True),
        ]

    virtual(main())


def test_a_bad_answer_is_substituted_too(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()

        async def cached(error: DependencyUnavailable) -> str:
            return f"instead of {error}"

        answer = await line.call(Provider("status 500"), fallback=cached)
        assert answer == "instead of payments: status 500"

    virtual(main())


def test_too_late_is_not_substituted(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()

        async def never(error: DependencyUnavailable) -> str:
            pytest.fail("nobody waits for it")

        with pytest.raises(DeadlineExceeded):
            async with deadline.within(0.1, now=now):
                await line.call(Provider(9.0), fallback=never)

    virtual(main())


def test_a_fallback_that_fails_says_so(virtual: Any) -> None:
    async def main() -> None:
        line, heard = pipeline()

        async def broken(error: DependencyUnavailable) -> str:
            raise KeyError("cache")

        with pytest.raises(KeyError):
            await line.call(Provider(ConnectionRefusedError()), fallback=broken)
        assert [e.degraded for e in heard if isinstance(e, CallEnded)] == [False]

    virtual(main())


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
        assert line.breaker.core._failures.total == 0
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
        assert line.breaker.core._failures.total == 0

    virtual(main())


def test_a_refusal_from_below_is_not_this_dependencys(virtual: Any) -> None:
    async def main() -> None:
        line, _ = pipeline()
        with pytest.raises(BulkheadFull, match="other"):
            await line.call(Provider(BulkheadFull("other")), idempotent=True)
        assert line.breaker is not None
        assert line.breaker.core._failures.total == 0

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


steps = st.one_of(
    st.sampled_from([ConnectionRefusedError(), "status 500", "fine"]), st.floats(0, 1.0, allow_nan=False)
)
calls = st.lists(
    st.tuples(
        st.floats(0, 0.3),  # pause before it
        st.lists(steps, max_size=3),
        st.none() | st.floats(0.01, 1.0),  # its deadline
        st.none() | st.floats(0, 1.0),  # when it is cancelled
        st.booleans(),  # idempotent
    ),
    max_size=25,
)


@settings(max_examples=150)
@given(calls, st.integers(0, 2**32))
def test_any_history(plan: list[Any], seed: int) -> None:
    """Permits come back, no attempt starts too late, retries stay within attempts, trials within permits."""

    async def main() -> None:
        config = replace(FULL, retry=RetryConfig(3, 0.5, base=0.01, cap=0.1))
        line, heard = pipeline(config, random.Random(seed).random)
        trials: list[str] = []

        async def one(script: list[object], limit: float | None, idempotent: bool) -> None:
            provider = Provider(*script)
            at = None if limit is None else now() + limit

            async def attempt(left: float | None) -> str:
                assert at is None or now() < at
                assert left is not None
                assert 0 < left <= 0.4
                assert line.breaker is not None
                half_open = line.breaker.core.state.value == "half-open"
                if half_open:
                    trials.append("in")
                    assert len(trials) <= 1
                try:
                    return await provider(left)
                finally:
                    if half_open:
                        trials.pop()

            token = deadline.tighten(at)
            try:
                await line.call(attempt, idempotent=idempotent)
            except DependencyUnavailable:
                pass
            except DeadlineExceeded:
                assert at is not None
                assert at <= now() <= at + 0.01
            finally:
                deadline.restore(token)
            assert provider.calls <= (3 if idempotent else 1)

        tasks = []
        for pause, script, limit, cancel, idempotent in plan:
            await asyncio.sleep(pause)
            tasks.append(asyncio.create_task(one(script, limit, idempotent)))
            if cancel is not None:
                asyncio.get_running_loop().call_later(cancel, tasks[-1].cancel)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            assert result is None or isinstance(result, asyncio.CancelledError), result
        assert line.bulkhead is not None
        assert line.breaker is not None
        assert line.bulkhead.core.in_flight == 0
        assert not line.breaker.core._leases
        assert sum(isinstance(e, CallEnded) for e in heard) <= len(plan)
        granted = sum(e.granted for e in heard if isinstance(e, RetryDecided))
        assert granted <= 0.5 * len(plan)
        await asyncio.sleep(5)
        assert current().waiting() == 0

    run_virtual(main())
