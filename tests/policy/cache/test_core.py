from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.cache import Entry, Freshness, judge, lifetime
from tests.policy.cache.made import config

CHANCES = st.floats(0, 1, exclude_max=True)


def entry(*, delta: float = 0.0, stale: float = 30.0) -> Entry:
    return Entry("k", 1, expires=100.0, gone=100.0 + stale, delta=delta)


@pytest.mark.parametrize(
    ("now", "worth"),
    [(0.0, "fresh"), (99.9, "fresh"), (100.0, "stale"), (129.9, "stale"), (130.0, "gone")],
)
def test_it_is_fresh_then_stale_then_gone(now: float, worth: str) -> None:
    assert judge(entry(), now, beta=1.0, chance=0.999) is Freshness(worth)


def test_the_longer_it_took_the_sooner_it_is_computed_anew() -> None:
    def early(delta: float, now: float) -> bool:
        return judge(entry(delta=delta), now, beta=1.0, chance=0.9) is Freshness.EARLY

    # -ln(0.1) is 2.3: one reader in ten computes anew 2.3 computations before the end.
    assert not early(1.0, 97.0)
    assert early(1.0, 98.0)
    assert early(10.0, 78.0)
    assert not early(10.0, 76.0)


@given(CHANCES, st.floats(0.001, 5), st.floats(0, 99.99))
def test_what_is_not_watched_is_never_early(chance: float, delta: float, now: float) -> None:
    found = entry(delta=delta)
    worth = judge(found, now, beta=1.0, chance=min(chance, 1 - 1e-7))
    assert worth in (Freshness.FRESH, Freshness.EARLY)
    if now < found.watch:
        assert worth is Freshness.FRESH
        assert now - delta * math.log(1 - min(chance, 1 - 1e-7)) * -1 <= 100


def test_without_beta_nothing_is_early() -> None:
    assert judge(entry(delta=50.0), 99.999, beta=0.0, chance=0.9999) is Freshness.FRESH


@given(CHANCES, st.floats(0, 0.9), st.booleans())
def test_a_lifetime_is_never_longer_than_was_decided(chance: float, jitter: float, absent: bool) -> None:
    chosen = config(jitter=jitter, stale=20.0, negative=5.0)
    expires, gone = lifetime(chosen, 1000.0, chance, absent=absent)
    ttl = 5.0 if absent else 60.0
    assert 1000 + ttl * (1 - jitter) - 1e-6 <= expires <= 1000 + ttl
    assert gone == (expires if absent else expires + 20.0)


@pytest.mark.parametrize(
    "wrong", [{"ttl": 0}, {"limit": 0}, {"stale": -1}, {"jitter": 1.0}, {"negative": 0}, {"lease": math.inf}]
)
def test_what_is_no_configuration(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|below 1"):
        config(**wrong)
