from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.capacity.search import PRECISION, Search


def searched(
    capacity: float, start: float, *, luck: float = 0.0, seed: int = 0, most: float = 1e6
) -> tuple[Search, int]:
    """Search for a capacity; a rate below it is missed with probability `luck`, one above never held."""
    rng = random.Random(seed)
    search, steps = Search(start, 1.0, most), 0
    while (rate := search.next_rate()) is not None:
        assert 1.0 <= rate <= most
        search.told(rate, held=rate <= capacity and rng.random() >= luck)
        steps += 1
        assert steps < 200
    return search, steps


@given(st.floats(1.1, 50_000), st.floats(0.5, 50_000))
def test_finds_the_capacity_wherever_it_starts(capacity: float, start: float) -> None:
    search, steps = searched(capacity, start)
    assert search.capacity is not None
    assert capacity / PRECISION**1.01 <= search.capacity <= capacity
    assert steps <= 80


def test_a_bad_moment_is_no_miss() -> None:
    off = sum(
        (searched(100, 30, luck=0.1, seed=seed)[0].capacity or 0.0) < 100 / PRECISION**4
        for seed in range(200)
    )
    assert off <= 20


def test_what_holds_nothing_has_no_capacity() -> None:
    assert searched(0.5, 100)[0].capacity is None


def test_ends_where_it_may_drive_no_further() -> None:
    search, _ = searched(1e9, 100, most=500.0)
    assert search.capacity == 500.0


@pytest.mark.parametrize("refused", [1, 2])
def test_what_is_not_held_again_is_not_told(refused: int) -> None:
    search = Search(10.0, 1.0, 10.0)
    search.told(10.0, held=True)
    assert search.confirming
    for _ in range(refused):
        rate = search.next_rate()
        assert rate is not None
        search.told(rate, held=False)
    rate = search.next_rate()
    assert rate == pytest.approx(10.0 / PRECISION**refused)
    search.told(rate or 0.0, held=True)
    assert search.capacity == rate


def test_gives_up_when_nothing_is_held_again() -> None:
    search = Search(10.0, 1.0, 10.0)
    search.told(10.0, held=True)
    while (rate := search.next_rate()) is not None:
        search.told(rate, held=False)
    assert search.capacity is None
