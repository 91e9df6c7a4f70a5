from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.regression.ranks import fewest, shift


def test_bounds_are_those_of_the_table() -> None:
    # Hollander, Wolfe and Chicken, table A.4: P(T >= 47) = 0.0244 for n = 10: 8 Walsh averages are skipped.
    values = [float(n * n) for n in range(1, 11)]
    walsh = sorted((a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2))
    found = shift(values, 0.025)
    assert (found.lower, found.upper) == (walsh[8], walsh[-9])
    assert found.estimate == np.median(walsh)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20), st.floats(-5, 5))
def test_a_shift_moves_the_bounds_by_itself(values: list[float], by: float) -> None:
    before, after = shift(values, 0.05), shift([value + by for value in values], 0.05)
    for one, other in zip(
        (before.lower, before.estimate, before.upper), (after.lower, after.estimate, after.upper), strict=True
    ):
        assert other == pytest.approx(one + by)
    assert before.lower <= before.estimate <= before.upper


@pytest.mark.parametrize("risk", [0.05, 0.0125, 0.001])
def test_too_few_pairs_bound_nothing(risk: float) -> None:
    enough = fewest(risk)
    assert math.isinf(shift([1.0] * (enough - 1), risk).upper)
    assert shift([1.0] * enough, risk).upper == 1.0


def test_no_pairs_are_an_error() -> None:
    with pytest.raises(ValueError, match="no differences"):
        shift([], 0.05)


@pytest.mark.parametrize("noise", ["normal", "cauchy", "bursts"])
def test_the_bounds_hold_whatever_the_noise(noise: str) -> None:
    """A true shift lies above the upper bound, or below the lower one, as often as the risk says."""
    rng = np.random.default_rng(5)
    wrong = 0
    rounds = 2000
    for _ in range(rounds):
        values = {
            "normal": lambda: rng.normal(0, 0.1, 12),
            "cauchy": lambda: rng.standard_cauchy(12) * 0.05,
            "bursts": lambda: (
                np.where(rng.random(12) < 0.3, 1.0, 0.01) * rng.choice([-1, 1], 12) * rng.random(12)
            ),
        }[noise]()
        found = shift((values + 0.3).tolist(), 0.05)
        wrong += (found.upper < 0.3) + (found.lower > 0.3)
    assert wrong / rounds <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / rounds)
