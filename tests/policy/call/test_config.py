from __future__ import annotations

from holdfast.budget import Budget
from holdfast.budget.model import Dependency
from holdfast.policy.call import CallConfig
from holdfast.policy.deadline import DeadlineConfig
from holdfast.policy.mode import Mode


def test_from_a_whole_section() -> None:
    section = Dependency.model_validate(
        {
            "kind": "http",
            "url_env": "PAYMENTS_URL",
            "timeout": {"connect": "100ms", "total": "400ms"},
            "breaker": {"window": "10s", "failures": "50%", "open": "5s"},
            "bulkhead": 20,
            "retry": {"attempts": 2, "budget": "20%"},
            "fallback": "503",
        }
    )
    config = CallConfig.from_budget("payments", section, processes=4)
    assert config.missing == ()
    assert (config.timeout, config.timeout_mode, config.refuse) == (0.4, Mode.ENFORCE, True)
    assert config.breaker is not None
    assert (config.breaker.window, config.breaker.failures, config.breaker.open) == (10.0, 0.5, 5.0)
    assert config.breaker.lease == 5.4
    assert config.bulkhead is not None
    assert config.bulkhead.limit == 5
    assert config.retry is not None
    assert (config.retry.attempts, config.retry.ratio, config.retry.floor) == (2, 0.2, 0.0)


def test_how_far_the_policies_go_is_the_budgets_word_or_the_callers() -> None:
    section = Dependency.model_validate({"kind": "http", "mode": "observe", "bulkhead": 5, "fallback": "503"})
    observing = CallConfig.from_budget("payments", section)
    assert (observing.timeout_mode, observing.refuse) == (Mode.OBSERVE, False)
    assert observing.bulkhead is not None
    assert observing.bulkhead.mode is Mode.OBSERVE
    assert CallConfig.from_budget("payments", section, mode=Mode.ENFORCE).refuse


def test_what_nobody_decided_is_named_and_not_invented() -> None:
    config = CallConfig.from_budget("payments", Dependency(kind="http"))
    assert config.missing == (
        "timeout.connect",
        "timeout.total",
        "breaker.window",
        "breaker.failures",
        "breaker.open",
        "bulkhead",
        "retry.attempts",
        "retry.budget",
        "fallback",
    )
    assert (config.timeout, config.breaker, config.retry, config.refuse) == (None, None, None, False)
    assert config.bulkhead is not None
    assert config.bulkhead.mode is Mode.OBSERVE


def test_an_empty_budget_observes() -> None:
    budget = Budget()
    assert DeadlineConfig.from_budget(budget.deadline).mode is Mode.OBSERVE
