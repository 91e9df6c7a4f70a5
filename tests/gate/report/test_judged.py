from __future__ import annotations

import pytest

from holdfast.gate.report.judged import by_outcome, limit, margin, sides
from holdfast.gate.report.quantity import NOTHING, TIMES
from holdfast.gate.result import Judgement
from tests.gate.report import sample


def judgement(required, measured, unit="s", better="lower", outcome="fail", path="objective.p99"):
    return Judgement(path, "p99", "steady", required, measured, unit, better, outcome, "", "", "")


@pytest.mark.parametrize(
    ("required", "measured", "unit", "better", "said"),
    [
        (0.3, 0.42, "s", "lower", "40% over"),
        (0.3, 4.2, "s", "lower", f"14{TIMES} the limit"),
        (0.3, 0.15, "s", "lower", "50% under"),
        (0.3, 0.3, "s", "lower", "exactly at the limit"),
        (200.0, 150.0, "/s", "higher", "25% short"),
        (200.0, 220.0, "/s", "higher", "10% above"),
        (0.99, 0.90, "ratio", "higher", f"10{TIMES} the errors allowed"),
        (0.99, 0.995, "ratio", "higher", "50% of the errors allowed"),
        (1.0, 0.9, "ratio", "higher", "10% short"),
        (0, 3, "count", "lower", "none is allowed"),
        (0.3, None, "s", "lower", ""),
        (None, 0.3, "s", "lower", ""),
    ],
)
def test_the_margin_says_by_how_much(required, measured, unit, better, said):
    assert margin(judgement(required, measured, unit, better)) == said


def test_sides_carry_their_direction():
    assert sides(judgement(0.3, 0.3004)) == ("≤ 300 ms", "300.4 ms")
    assert sides(judgement(200.0, 150.0, "/s", "higher")) == ("≥ 200/s", "150/s")
    assert sides(judgement(None, None)) == (NOTHING, NOTHING)


def test_failures_come_first():
    outcomes = [each.outcome for each in by_outcome(sample.fragile())]
    assert outcomes == ["fail"] * 7 + ["pass", "not judged"]
    assert {each.outcome for each in by_outcome(sample.fragile(), "pass")} == {"pass"}


def test_a_percentile_is_held_against_its_own_objective():
    judgements = sample.fragile().judgements
    assert limit(judgements, "p99").required == 0.3
    assert limit(judgements, "p99.9").required == 0.9
    assert limit(judgements, "p99", "POST /orders").required == 0.8
    assert limit(judgements, "p90") is None


def test_a_route_without_an_objective_is_held_against_none():
    judgements = sample.fragile().judgements
    assert limit(judgements, "p99", "GET /products") is None
    assert limit(judgements, "p99", "POST /orders/{id}") is None
