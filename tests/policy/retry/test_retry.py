from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.retry import Retry, RetryBudget, RetryConfig, full_jitter

CONFIG = RetryConfig(attempts=3, ratio=0.2)
CALL: dict[str, Any] = {"retryable": True, "idempotent": True, "deadline": None}


def funded(config: RetryConfig = CONFIG, now: float = 100.0) -> Retry:
    retry = Retry(config, random=lambda: 0.5)
    for _ in range(100):
        retry.budget.deposit(now)
    return retry


@pytest.mark.parametrize(
    ("attempt", "change", "why"),
    [
        (1, {}, "granted"),
        (2, {}, "granted"),
        (3, {}, "attempts"),
        (1, {"layer": 2}, "layer"),
        (1, {"retryable": False}, "not retryable"),
        (1, {"idempotent": False}, "not idempotent"),
        (1, {"deadline": 100.0}, "deadline"),
        (1, {"deadline": 99.0}, "deadline"),
        (1, {"deadline": 100.0125}, "deadline"),  # just when the backoff is over
        (1, {"deadline": 100.02}, "granted"),
        (1, {"retry_after": 0.1}, "granted"),
        (1, {"retry_after": -1.0, "deadline": 200.0}, "pushback"),
        (1, {"retry_after": 30.0}, "pushback"),  # nothing else bounds the wait
        (1, {"retry_after": 30.0, "deadline": 200.0}, "granted"),
        (1, {"retry_after": 30.0, "deadline": 110.0}, "deadline"),
    ],
)
def test_decide(attempt: int, change: dict[str, Any], why: str) -> None:
    decision = funded().decide(100.0, attempt, **CALL | change)
    assert (decision.granted, decision.why) == (why == "granted", why)
    if decision.granted:
        assert decision.delay >= change.get("retry_after", 0.0)


def test_charged_when_decided_and_only_then() -> None:
    retry = funded()
    for _ in range(50):
        retry.decide(100.0, 3, **CALL)
        retry.decide(100.0, 1, **CALL | {"idempotent": False})
        retry.decide(100.0, 1, **CALL | {"deadline": 100.0})
    granted = [retry.decide(100.0, 1, **CALL).granted for _ in range(30)]
    assert granted == [True] * 20 + [False] * 10
    assert retry.decide(100.0, 1, **CALL).why == "budget"


traffic = st.lists(st.tuples(st.floats(0, 12), st.integers(0, 30), st.integers(0, 30)), max_size=30)


@given(st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]), traffic)
def test_retries_of_all_time_are_at_most_the_ratio_of_calls(ratio: float, steps: Any) -> None:
    budget, now, calls, retries = RetryBudget(ratio), 7.0, 0, 0
    for pause, deposits, wanted in steps:
        now += pause
        for _ in range(deposits):
            budget.deposit(now)
        calls += deposits
        retries += sum(budget.withdraw(now) for _ in range(wanted))
        assert retries <= ratio * calls + 1e-9


@given(st.lists(st.floats(0, 100)))
def test_no_traffic_no_retries(pauses: list[float]) -> None:
    budget, now = RetryBudget(0.2), 0.0
    for pause in pauses:
        now += pause
        assert not budget.withdraw(now)


def test_traffic_funds_no_retries_after_the_window() -> None:
    budget = RetryBudget(0.2)
    for _ in range(100):
        budget.deposit(0.5)
    assert budget.withdraw(9.9)
    assert not budget.withdraw(10.0)


def test_a_stated_floor_is_the_whole_of_what_it_adds() -> None:
    budget = RetryBudget(0.2, floor=0.5)
    assert [budget.withdraw(100.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert not budget.withdraw(109.9)
    assert budget.withdraw(110.0)


def test_the_process_has_a_budget_of_its_own() -> None:
    process = RetryBudget(0.1)
    one, other = (Retry(CONFIG, process=process, random=lambda: 0.5) for _ in range(2))
    for _ in range(50):
        one.deposit(100.0)
        other.deposit(100.0)
    granted = [retry.decide(100.0, 1, **CALL).granted for retry in (one, other) for _ in range(9)]
    assert granted == [True] * 9 + [True] + [False] * 8
    assert other.budget.affords(100.0)  # not charged for what the process refused


@given(st.sampled_from([0.0, 0.1, 0.5]), st.sampled_from([0.1, 0.3]), traffic)
def test_no_dependency_takes_more_than_the_process_has(ratio: float, own: float, steps: Any) -> None:
    process, now, calls, retries = RetryBudget(ratio), 7.0, 0, 0
    both = [Retry(replace(CONFIG, ratio=own), process=process) for _ in range(2)]
    for pause, deposits, wanted in steps:
        now += pause
        for number in range(deposits):
            both[number % 2].deposit(now)
        calls += deposits
        retries += sum(both[number % 2].withdraw(now) for number in range(wanted))
        assert retries <= min(ratio, own) * calls + 1e-9


@given(st.integers(1, 5000), st.floats(0.001, 1), st.floats(1, 100), st.integers())
def test_full_jitter(retry: int, base: float, cap: float, seed: int) -> None:
    delay = full_jitter(retry, base, cap, random.Random(seed).random)
    assert 0 <= delay <= min(cap, base * 2.0 ** min(retry - 1, 62))


def test_jitter_is_full() -> None:
    assert [full_jitter(n, 0.025, 0.25, lambda: 1.0) for n in (1, 2, 3, 4, 5, 99)] == [
        0.025, 0.05, 0.1, 0.2, 0.25, 0.25,
    ]  # fmt: skip
    assert full_jitter(5, 0.025, 0.25, lambda: 0.0) == 0.0


@pytest.mark.parametrize(
    "bad",
    [
        {"attempts": 0},
        {"ratio": -0.1},
        {"ratio": 1.5},
        {"floor": -1.0},
        {"base": 0.0},
        {"base": 2.0, "cap": 1.0},
        {"window": 0.0},
    ],
)
def test_contradictions(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|from 0 to 1|above"):
        replace(CONFIG, **bad)


def test_from_budget_needs_both_decisions() -> None:
    class Section:
        attempts: int | None = 2
        budget: float | None = 0.2
        floor: float | None = None

    section = Section()
    assert RetryConfig.from_budget(section) == RetryConfig(2, 0.2)
    section.floor = 2.0
    assert RetryConfig.from_budget(section, processes=4) == RetryConfig(2, 0.2, floor=0.5)
    section.budget = None
    assert RetryConfig.from_budget(section) is None
