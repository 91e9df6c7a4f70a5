from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from holdfast.budget import Loaded
from holdfast.errors import BudgetError

Load = Callable[..., Loaded]
TODAY = datetime.date(2026, 11, 20)
DEFERRED = """
[deferred]
"objective.recovery" = { reason = "no data yet", owner = "orders team", until = 2027-03-01 }
"""


def test_a_source(loaded: Load) -> None:
    found = loaded().provenance("objective.p99")
    assert (found.kind, found.detail, found.key) == ("source", "docs/numbers.md#all-of-them", "*")
    assert found.place.endswith("holdfast.toml:48")


def test_the_most_specific_source(loaded: Load) -> None:
    budget = loaded(('"*" = ', '"objective.*" = "docs/a.md#a"\n"objective.p99" = "docs/b.md#b"\n"*" = '))
    assert budget.provenance("objective.p99").detail == "docs/b.md#b"
    assert budget.provenance("objective.recovery").detail == "docs/a.md#a"
    assert budget.provenance("traffic.peak").detail == "docs/numbers.md#all-of-them"


def test_the_environment(loaded: Load) -> None:
    found = loaded(environ={"HOLDFAST_OBJECTIVE__P99": "250ms"}).provenance("objective.p99")
    assert (found.kind, found.detail, found.place) == ("environment",) + ("HOLDFAST_OBJECTIVE__P99",) * 2


def test_a_mechanism(loaded: Load) -> None:
    found = loaded().provenance("loop.stall")
    assert found.kind == "mechanism"
    assert "slow_callback_duration" in found.detail


def test_a_mechanism_that_somebody_changed_needs_a_source(loaded: Load) -> None:
    changed = ("[drain]", '[loop]\nstall = "50ms"\n\n[drain]')
    assert loaded(changed).provenance("loop.stall").kind == "source"
    missing = loaded(changed, ('"*" = ', '"objective.*" = ')).provenance("loop.stall")
    assert (missing.kind, missing.detail) == ("missing", "no source says where it was decided")


def test_a_derived_number(loaded: Load) -> None:
    found = loaded().provenance("dependency.db.pool")
    assert found.kind == "derived"
    assert "Little's law" in found.detail


def test_missing(loaded: Load) -> None:
    found = loaded(('recovery = "10s"\n', "")).provenance("objective.recovery")
    assert (found.kind, found.detail) == ("missing", "nobody has decided it")


def test_deferred_and_expired(loaded: Load) -> None:
    budget = loaded(('recovery = "10s"\n', ""), ("[source]", DEFERRED + "[source]"))
    found = budget.provenance("objective.recovery", today=TODAY)
    assert (found.kind, found.detail) == ("deferred", "no data yet (until 2027-03-01: orders team)")
    assert budget.provenance("objective.recovery", today=datetime.date(2027, 3, 1)).kind == "deferred"
    late = budget.provenance("objective.recovery", today=datetime.date(2027, 3, 2))
    assert (late.kind, late.detail) == ("missing", "nobody has decided it; its deferral ended on 2027-03-01")


def test_a_number_that_is_written_and_deferred_needs_no_source_yet(loaded: Load) -> None:
    budget = loaded(("[source]", DEFERRED + "[source]"))
    assert budget.provenance("objective.recovery", today=TODAY).kind == "deferred", (
        "the deferral is more specific"
    )
    assert budget.provenance("objective.recovery", today=datetime.date(2027, 3, 2)).kind == "source"


def test_an_overlays_number_needs_a_source_of_its_own(loaded: Load) -> None:
    ci = loaded(environment="ci")
    assert ci.provenance("service.replicas.max").detail == "docs/numbers.md#ci"
    assert ci.provenance("objective.p99").detail == "docs/numbers.md#all-of-them"
    without = loaded(
        ('"*" = ', '"service.*" = '), ('"env.ci.*" = "docs/numbers.md#ci"\n', ""), environment="ci"
    )
    assert without.provenance("service.replicas.max").kind == "missing"


def test_what_is_no_number(loaded: Load) -> None:
    assert loaded().provenance("gate.ledger").kind == "missing"


@pytest.mark.parametrize(
    ("deferral", "message"),
    [
        (
            '{ reason = "x", owner = "y", until = "soon" }',
            'until: expected a day, such as "2027-03-01", got "soon"',
        ),
        ('{ reason = "", owner = "y", until = 2027-03-01 }', "reason: expected words, got none"),
        ('{ reason = "x", until = 2027-03-01 }', r'deferred\."objective\.p50" lacks the key owner'),
        ('"later"', 'expected a table, got "later"'),
    ],
)
def test_a_deferral_says_why_who_and_until_when(loaded: Load, deferral: str, message: str) -> None:
    with pytest.raises(BudgetError, match=message):
        loaded(("[source]", f'[deferred]\n"objective.p50" = {deferral}\n\n[source]'))
