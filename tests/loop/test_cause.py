from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.loop.cause import Cause, Spent, judge


def test_what_would_have_been_short_on_its_own_is_somebody_elses() -> None:
    assert judge(0.3, 0.1, Spent(waited=0.25)) is Cause.STARVED
    assert judge(0.3, 0.1, Spent(gil=0.25)) is Cause.STARVED
    assert judge(0.3, 0.1, Spent(collecting=0.25, on_cpu=0.25)) is Cause.GC
    assert judge(9.0, 0.1, Spent(stopped=9.0)) is Cause.SUSPENDED
    assert judge(0.3, 0.1, Spent(waited=0.1, collecting=0.15)) is Cause.GC


def test_what_was_long_on_its_own_is_blamed() -> None:
    assert judge(0.3, 0.1, Spent(on_cpu=0.28)) is Cause.CPU
    assert judge(0.3, 0.1, Spent(on_cpu=0.01)) is Cause.BLOCKED
    assert judge(0.5, 0.1, Spent(on_cpu=0.2, waited=0.25)) is Cause.CPU  # of what it had of a CPU
    assert judge(0.5, 0.1, Spent(on_cpu=0.2, collecting=0.2)) is Cause.BLOCKED
    assert judge(0.5, 0.1, Spent()) is Cause.BLOCKED


SECONDS = st.floats(0, 10)


@given(SECONDS, SECONDS, st.builds(Spent, SECONDS, SECONDS, SECONDS, SECONDS, SECONDS))
def test_a_line_is_blamed_exactly_when_its_own_share_is_too_long(d: float, a: float, spent: Spent) -> None:
    taken = spent.waited + spent.gil + spent.collecting + spent.stopped
    if abs(d - taken - a) > 1e-9:
        assert judge(d, a, spent).blames == (taken == 0 or d - taken > a)
