"""Ramps and spikes: arrivals at a rate that varies."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.budget.model.traffic import Spike
from holdfast.gate.shape import Phase, RequestSpec, Schedule, catalogue, schedule
from holdfast.gate.shape.arrivals import Stretch, constant, varying

ONE = catalogue([RequestSpec("GET /a")], authority="h:1", seed=1)
rates = st.floats(0, 1000)
stretches = st.lists(st.builds(Stretch, st.floats(0.01, 5), rates, rates), min_size=1, max_size=4)


def between(made: Schedule, start: float, end: float) -> int:
    return int(np.count_nonzero((made.at >= start * 1e9) & (made.at < end * 1e9)))


@given(stretches, st.sampled_from(["constant", "poisson"]), st.integers(0, 2**32))
def test_arrivals_ascend_and_their_number_is_that_of_the_rate(
    given_stretches: list[Stretch], arrivals: Literal["constant", "poisson"], seed: int
) -> None:
    length = round(sum(each.seconds for each in given_stretches) * 1e9)
    at = varying(given_stretches, length, arrivals, np.random.default_rng(seed))
    assert at.dtype == np.int64
    assert np.all(np.diff(at) >= 0)
    assert np.all((at >= 0) & (at < length))
    begin = 0.0
    for each in given_stretches:
        end = begin + each.seconds
        count = np.count_nonzero((at >= begin * 1e9) & (at < end * 1e9))
        slack = 2 if arrivals == "constant" else 7 * each.expected**0.5 + 9
        assert abs(count - each.expected) <= slack
        begin = end


def test_a_rate_that_does_not_vary_is_constant() -> None:
    at = varying([Stretch(1, 50, 50), Stretch(1, 50, 50)], 2 * 10**9, "constant", np.random.default_rng(1))
    assert np.allclose(at, constant(50, 2 * 10**9), atol=1)


def test_a_ramp_leads_from_the_phase_before() -> None:
    phases = [Phase("warm", 100, 4, "constant", ramp=4), Phase("steady", 300, 4, "constant", ramp=2)]
    made = schedule(phases, ONE, seed=1)
    assert between(made, 0, 2) == pytest.approx(50, abs=2)
    assert between(made, 2, 4) == pytest.approx(150, abs=2)
    assert between(made, 4, 5) == pytest.approx(150, abs=2)
    assert between(made, 5, 6) == pytest.approx(250, abs=2)
    assert between(made, 6, 8) == pytest.approx(600, abs=2)
    assert made.rates() == pytest.approx([50, 250])


def test_a_spike_comes_every_so_often_and_leaves_the_rest_as_it_was() -> None:
    spike = Spike.model_validate({"times": 3, "lasts": "1s", "every": "4s"})
    made = schedule([Phase("steady", 100, 13, "constant", spike=spike)], ONE, seed=1)
    per_second = [between(made, second, second + 1) for second in range(13)]
    expected = [100] * 4 + [300] + [100] * 3 + [300] + [100] * 3 + [300]
    assert per_second == pytest.approx(expected, abs=2)
    assert made.rates() == pytest.approx([sum(expected) / 13])
