"""What the numbers of a dependency may not be together, and which of them answer for one another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from holdfast.budget import Loaded
from holdfast.budget.derive import derived, findings
from holdfast.budget.numbers import numbers
from holdfast.errors import BudgetError
from tests.budget.conftest import TWO_CORES

Load = Callable[..., Loaded]

BREAKER = 'breaker = { window = "10s", failures = "50%", open = "5s" }'


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ('breaker = { failures = "0%" }', "would never close"),
        ('breaker = { slow = "200ms", slow_share = "0%" }', "would never close"),
        ('breaker = { window = "10s", calls = 100 }', "over one of the two"),
        ('breaker = { slow = "400ms" }', "nothing would be slow"),
        ('hedge = { percentile = "100%" }', "between 0% and 100%"),
        ('hedge = { percentile = "0%" }', "between 0% and 100%"),
        ('throttle = { most = "100%" }', "would never recover"),
    ],
)
def test_contradictions(loaded: Load, key: str, message: str) -> None:
    changed = (BREAKER, key) if key.startswith("breaker") else (BREAKER, f"{BREAKER}\n{key}")
    with pytest.raises(BudgetError, match=message) as wrong:
        loaded(changed)
    assert wrong.value.place.startswith("holdfast.toml:") or "holdfast.toml:" in wrong.value.place


def test_a_hedge_needs_a_second_attempt(loaded: Load) -> None:
    hedged = (BREAKER, f'{BREAKER}\nhedge = {{ percentile = "95%" }}')
    loaded(hedged)
    with pytest.raises(BudgetError, match="needs a second attempt"):
        loaded(hedged, ("attempts = 2", "attempts = 1"))


def test_a_number_of_calls_answers_for_the_time(loaded: Load) -> None:
    def missing(*changes: Any) -> set[str]:
        return {number.path for number in numbers(loaded(*changes)) if number.value is None}

    assert "dependency.payments.breaker.window" in missing(('window = "10s", ', ""))
    few = missing(('window = "10s"', "calls = 100"))
    assert not {"dependency.payments.breaker.window", "dependency.payments.breaker.calls"} & few


def test_the_floor_is_part_of_what_a_dependency_has_to_bear(loaded: Load) -> None:
    floored = loaded(('budget = "20%"', 'budget = "20%", floor = "2/s"'))
    calls = derived(floored, cores=TWO_CORES)["dependency.payments.calls"]
    assert calls.value == pytest.approx(200 * 2 * 0.1 * 1.2 + 2)
    assert calls.formula.endswith("+ 2/s = 50/s")


def test_the_ramp_is_part_of_the_recovery(loaded: Load) -> None:
    ramped = loaded(('open = "5s"', 'open = "5s", ramp = "5s"'))
    message = next(f.message for f in findings(ramped, cores=TWO_CORES) if f.path.endswith("breaker.open"))
    assert message == "it is left alone for 5s and closes over 5s, and objective.recovery promises 10s"
