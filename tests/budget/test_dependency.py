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


def test_a_replica_copies_a_database_of_its_kind(loaded: Load) -> None:
    def replica(of: str, kind: str = "postgres") -> tuple[str, str]:
        table = f'[dependency.copy]\nkind = "{kind}"\nreplica = {{ of = "{of}", lag = "2s" }}\n'
        return ("[dependency.db]", f"{table}\n[dependency.db]")

    copy = loaded(replica("db")).budget.dependency["copy"].replica
    assert copy is not None
    assert (copy.of, copy.lag) == ("db", 2.0)
    for change, message in [
        (replica("none"), 'no dependency is named "none"'),
        (replica("payments"), 'of kind postgres, and "payments", of which it is a copy, http'),
        (replica("db", "sqlite"), "of kind sqlite"),
        (replica("copy"), "is a replica itself"),
    ]:
        with pytest.raises(BudgetError, match=message):
            loaded(change)


def test_the_age_of_a_replica_is_decided(loaded: Load) -> None:
    table = '[dependency.copy]\nkind = "postgres"\nreplica = { of = "db" }\n\n[dependency.db]'
    missing = {number.path for number in numbers(loaded(("[dependency.db]", table))) if number.value is None}
    assert "dependency.copy.replica.lag" in missing
    assert "dependency.db.replica.lag" not in missing
