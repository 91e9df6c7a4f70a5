"""Random histories: nothing is left, and nothing is counted twice."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import DeadlineExceeded, DependencyUnavailable
from holdfast.events import CallEnded, RetryDecided
from holdfast.policy import deadline
from holdfast.policy.breaker import BreakerConfig
from holdfast.policy.deadline import current
from holdfast.policy.hedge import HedgeConfig
from holdfast.policy.retry import RetryBudget, RetryConfig
from holdfast.policy.throttle import ThrottleConfig
from tests.policy.call.provider import FULL, Provider, now, pipeline
from tests.policy.virtual_loop import run_virtual

steps = st.one_of(
    st.sampled_from([ConnectionRefusedError(), "status 500", "status 429", "fine"]),
    st.floats(0, 1.0, allow_nan=False),
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
@given(calls, st.integers(0, 2**32), st.booleans(), st.sampled_from([0.0, 1.0]), st.integers(1, 3))
def test_any_history(plan: list[Any], seed: int, hedged: bool, ramp: float, permits: int) -> None:
    """Permits come back, no attempt starts too late, retries stay within attempts, trials within permits."""

    async def main() -> None:
        config = replace(
            FULL,
            breaker=BreakerConfig(
                10.0, 0.5, 2.0, slow=0.3, slow_share=0.5, ramp=ramp, minimum=4, lease=3.0, half_open=permits
            ),
            retry=RetryConfig(3, 0.5, base=0.01, cap=0.1),
            hedge=HedgeConfig(0.5) if hedged else None,
            throttle=ThrottleConfig(),
        )
        process = RetryBudget(0.4)
        line, heard = pipeline(config, random.Random(seed).random, retries=process)
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
                    assert len(trials) <= permits
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
        assert granted <= 0.4 * len(plan)
        assert len(asyncio.all_tasks()) == 1
        await asyncio.sleep(5)
        assert current().waiting() == 0

    run_virtual(main())
