"""How often a comparison is right, on a machine as noisy as the worst that was seen."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from holdfast.gate.regression.decide import LOOKS, RISK, compare, more_bad
from holdfast.gate.regression.ranks import fewest

GRANTED = 0.15


def decided(factor: float, rng: np.random.Generator, noise: float) -> str:
    """Compare a build that costs `factor` of the other, look by look.

    The machine's speed wanders slowly, and each window is off by `noise`, some of them by far.
    """
    wander = np.exp(np.cumsum(rng.normal(0, 0.05, LOOKS[-1])))
    windows = np.exp(rng.normal(0, noise, (2, LOOKS[-1]))) * np.where(
        rng.random((2, LOOKS[-1])) < 0.1, 1.5, 1
    )
    old, new = (wander * windows[0]).tolist(), (wander * windows[1] * factor).tolist()
    for pairs in LOOKS:
        outcome = compare("cpu", old[:pairs], new[:pairs], GRANTED, last=pairs == LOOKS[-1]).outcome
        if outcome != "cannot tell":
            break
    return outcome


@pytest.mark.parametrize(("factor", "right"), [(1.0, "pass"), (1.3, "fail")])
def test_an_unchanged_build_passes_and_a_slow_one_fails(factor: float, right: str) -> None:
    rng = np.random.default_rng(11)
    found = Counter(decided(factor, rng, 0.08) for _ in range(400))
    wrong = {"pass": "fail", "fail": "pass"}[right]
    assert found[wrong] <= 0.02 * 400
    assert found["cannot tell"] <= 0.2 * 400


def test_what_costs_just_what_is_granted_is_failed_as_seldom_as_the_risk_says() -> None:
    rng = np.random.default_rng(13)
    found = Counter(decided(1 + GRANTED, rng, 0.08) for _ in range(600))
    most = RISK * 600 + 3 * math.sqrt(RISK * (1 - RISK) * 600)
    assert found["fail"] <= most
    assert found["pass"] <= most


def test_the_first_look_can_tell() -> None:
    assert fewest(RISK / len(LOOKS)) <= LOOKS[0]
    same = [1.0] * LOOKS[0]
    assert compare("cpu", same, same, GRANTED, last=False).outcome == "pass"


def test_says_what_it_saw() -> None:
    found = compare("p50", [1.0, 2.0, 3.0] * 3, [1.5, 3.0, 4.5] * 3, 0.1, last=True)
    assert (found.outcome, found.old, found.new) == ("fail", 2.0, 3.0)
    assert found.ratio == found.lower == found.upper == pytest.approx(1.5)


def test_a_number_that_nobody_decided_is_missing_and_measured() -> None:
    found = compare("cpu", [1.0] * 8, [1.2] * 8, None, last=True)
    assert (found.outcome, round(found.ratio, 3)) == ("missing", 1.2)


def test_few_pairs_cannot_tell() -> None:
    found = compare("cpu", [1.0] * 4, [1.0] * 4, 0.1, last=False)
    assert (found.outcome, found.why) == ("cannot tell", "4 pairs do not tell yet")
    assert compare("cpu", [1.0] * 4, [1.0] * 4, 0.1, last=True).why == "4 pairs do not tell 1.1x from 1x"


def test_windows_without_an_answer_are_left_out() -> None:
    found = compare("p50", [1.0, math.inf, 1.0], [1.0, 1.0, 0.0], 0.1, last=False)
    assert (found.outcome, found.old) == ("cannot tell", 1.0)
    assert compare("p50", [math.inf], [1.0], 0.1, last=True).why == "nothing to compare"


Counts = dict[str, int]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([], ""),
        ([({}, {})] * 8, ""),
        ([({}, {"500": 1})] * 8, "8 x 500 where the other build has 0"),
        ([({"500": 1}, {"500": 2})] * 8, "16 x 500 where the other build has 8"),
        ([({"reset": 3}, {"reset": 2})] * 8, ""),
        ([({}, {"503 shed": 90})] * 3 + [({}, {})] * 9, ""),  # bursts in three windows
        ([({}, {"500": 1})] * 5 + [({"500": 9}, {})] * 4, ""),
    ],
)
def test_a_build_that_fails_more_is_told(pairs: list[tuple[Counts, Counts]], said: str) -> None:
    assert more_bad(pairs) == said


def test_bursts_of_a_crowded_machine_are_no_failures_of_a_build() -> None:
    rng = np.random.default_rng(17)
    alarms = 0
    for _ in range(500):
        struck = rng.random((LOOKS[-1], 2)) < 0.4
        counts = struck * rng.integers(1, 60, (LOOKS[-1], 2))
        pairs = [({"503 shed": int(a)}, {"503 shed": int(b)}) for a, b in counts]
        alarms += any(more_bad(pairs[:look]) for look in LOOKS)
    assert alarms <= RISK * 500 + 3 * math.sqrt(RISK * (1 - RISK) * 500)
