"""The binomial tails against exact fractions, and what must hold of every decision."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.gate.verdict.binomial import CONFIDENCE, needed, tail_at_least, tail_at_most
from holdfast.gate.verdict.binomial import test as decided

N = st.integers(0, 200)
P = st.floats(0.0005, 0.9995)
ALLOWED = st.sampled_from([0.5, 0.1, 0.05, 0.01, 0.005, 0.001, 0.0001])


def exact(k: int, n: int, p: Fraction) -> float:
    """P(X <= k), no rounding until the end."""
    return float(sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(min(k, n) + 1)))


@pytest.mark.parametrize(
    ("k", "n", "p", "tail"),
    [
        (0, 1, 0.5, 0.5),
        (0, 10, 0.5, 1 / 1024),
        (1, 10, 0.5, 11 / 1024),
        (5, 10, 0.5, 638 / 1024),
        (0, 3, 0.1, 0.729),
        (1, 3, 0.1, 0.972),
        (2, 3, 0.1, 0.999),
        (0, 0, 0.3, 1.0),
        (3, 3, 0.3, 1.0),
        (9, 3, 0.3, 1.0),
        (0, 5, 0.0, 1.0),
        (4, 5, 1.0, 0.0),
        (5, 5, 1.0, 1.0),
    ],
)
def test_tails_computed_by_hand(k: int, n: int, p: float, tail: float) -> None:
    assert tail_at_most(k, n, p) == pytest.approx(tail, rel=1e-12)
    assert tail_at_least(k + 1, n, p) == pytest.approx(1 - tail, abs=1e-12)


@given(N, st.integers(0, 200), st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000))
def test_the_tail_is_the_exact_sum(n: int, k: int, p: Fraction) -> None:
    assert tail_at_most(k, n, float(p)) == pytest.approx(exact(k, n, p), rel=1e-9, abs=1e-12)


def test_large_counts_do_not_overflow() -> None:
    assert tail_at_most(1000, 1_000_000, 0.001) == pytest.approx(0.508, abs=0.001)
    assert 0.0 <= tail_at_most(0, 10_000_000, 0.5) < 1e-300


@given(N, st.integers(0, 199), P)
def test_more_bad_is_never_likelier_to_pass(n: int, k: int, p: float) -> None:
    assert tail_at_most(k, n, p) <= tail_at_most(k + 1, n, p) + 1e-12
    assert tail_at_least(k + 1, n, p) <= tail_at_least(k, n, p) + 1e-12


@given(N, st.integers(0, 200), P, P)
def test_a_greater_share_makes_few_bad_ones_less_likely(n: int, k: int, p: float, q: float) -> None:
    low, high = sorted((p, q))
    assert tail_at_most(k, n, high) <= tail_at_most(k, n, low) + 1e-9


@given(N, st.integers(0, 200), P)
def test_both_tails_make_up_everything(n: int, k: int, p: float) -> None:
    k = min(k, n)
    both = tail_at_most(k, n, p) + tail_at_least(k, n, p)
    assert both >= 1 - 1e-9, "k itself is in both"


ORDER = {"pass": 0, "cannot tell": 1, "fail": 2}


@given(st.data(), st.integers(0, 3000), ALLOWED)
def test_one_more_bad_never_improves_the_decision(data: st.DataObject, n: int, allowed: float) -> None:
    bad = data.draw(st.integers(0, n))
    worse = data.draw(st.integers(bad, n))
    assert ORDER[decided(bad, n, allowed)] <= ORDER[decided(worse, n, allowed)]


@given(st.data(), st.integers(1, 3000), ALLOWED)
def test_a_decision_agrees_with_the_share_seen(data: st.DataObject, n: int, allowed: float) -> None:
    bad = data.draw(st.integers(0, n))
    outcome = decided(bad, n, allowed)
    # The median of a binomial lies within one of its mean: a decision at 95% is never on the other side.
    if outcome == "pass":
        assert bad <= allowed * n + 1
    if outcome == "fail":
        assert bad >= allowed * n - 1


@given(st.data(), st.integers(0, 400), ALLOWED)
def test_pass_and_fail_are_never_both_possible(data: st.DataObject, n: int, allowed: float) -> None:
    bad = data.draw(st.integers(0, n))
    passes = tail_at_most(bad, n, allowed) <= 1 - CONFIDENCE
    fails = tail_at_least(bad, n, allowed) <= 1 - CONFIDENCE
    assert not (passes and fails)


@given(st.floats(0.0001, 0.9999))
@example(0.95)  # exactly as much as the confidence leaves
def test_needed_is_the_least_number_that_passes_without_a_bad_one(allowed: float) -> None:
    n = needed(allowed)
    assert decided(0, n, allowed) == "pass"
    assert n == 1 or decided(0, n - 1, allowed) == "cannot tell"


@given(ALLOWED, st.integers(0, 20))
def test_needed_is_the_least_number_that_passes_with_so_many_bad_ones(allowed: float, bad: int) -> None:
    n = needed(allowed, bad)
    assert decided(bad, n, allowed) == "pass"
    assert decided(bad, n - 1, allowed) != "pass"


@pytest.mark.parametrize(
    ("allowed", "n"),
    # ln 0.05 / ln (1 - allowed), rounded up
    [(0.5, 5), (0.1, 29), (0.05, 59), (0.01, 299), (0.005, 598), (0.001, 2995), (0.0001, 29956)],
)
def test_the_rule_of_three(allowed: float, n: int) -> None:
    assert needed(allowed) == n
    assert 2.9 < n * allowed < 3.0 or allowed >= 0.05


@pytest.mark.parametrize(
    ("bad", "n", "allowed", "outcome"),
    [
        (0, 298, 0.01, "cannot tell"),
        (0, 299, 0.01, "pass"),
        (1, 299, 0.01, "cannot tell"),
        (1, 473, 0.01, "pass"),  # the exact table of Clopper and Pearson: 473 with one bad
        (1, 472, 0.01, "cannot tell"),
        (300, 300, 0.01, "fail"),
        (1, 5, 0.01, "fail"),  # 1 - 0.99^5 = 4.9%
        (1, 6, 0.01, "cannot tell"),  # 5.9%
        (0, 0, 0.01, "cannot tell"),
        (0, 0, 0.0, "cannot tell"),
        (0, 1, 0.0, "pass"),
        (1, 1_000_000, 0.0, "fail"),
        (0, 1, 1.0, "pass"),
        (1, 1, 1.0, "pass"),
        (0, 0, 1.0, "cannot tell"),
    ],
)
def test_decisions_computed_by_hand(bad: int, n: int, allowed: float, outcome: str) -> None:
    assert decided(bad, n, allowed) == outcome


def test_a_bad_service_rarely_passes() -> None:
    """Over all that may be seen of a service right at its limit, at most one run in twenty passes."""
    n, allowed = 500, 0.01
    passing = sum(
        tail_at_most(k, n, allowed) - (tail_at_most(k - 1, n, allowed) if k else 0.0)
        for k in range(n + 1)
        if decided(k, n, allowed) == "pass"
    )
    assert 0 < passing <= 1 - CONFIDENCE
