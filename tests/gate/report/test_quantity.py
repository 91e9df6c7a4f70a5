from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.report.quantity import (
    NOTHING,
    TIMES,
    delay,
    duration,
    pair,
    plural,
    rate,
    ratio,
    show,
    signed_share,
    times,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.000041, "41 µs"),
        (0.0213, "21.3 ms"),
        (0.3, "300 ms"),
        (0.9996, "1 s"),
        (2.306, "2.31 s"),
        (74.2, "74.2 s"),
        (185, "3 min 05 s"),
    ],
)
def test_durations_take_the_unit_that_keeps_them_short(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.5, "50%"),
        (0.932, "93.2%"),
        (0.9954, "99.54%"),
        (0.99999, "99.999%"),
        (2.5, "250%"),
    ],
)
def test_shares_are_percent(share, text):
    assert ratio(share) == text


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True, allow_subnormal=False))
def test_a_share_that_is_not_whole_is_never_shown_as_whole(share):
    if 1e-6 < share < 1 - 1e-6:
        assert ratio(share) not in {"0%", "100%"}


def test_rates_factors_and_counts():
    assert (rate(1204.4), rate(3.44), times(2.9), show(1204, "count")) == (
        "1,204/s",
        "3.44/s",
        f"2.9{TIMES}",
        "1,204",
    )
    assert (plural(1, "worker"), plural(2, "worker")) == ("1 worker", "2 workers")
    assert (signed_share(-0.384), signed_share(0.0042)) == ("38%", "0.42%")


def test_no_value_is_a_dash_and_not_a_zero():
    assert show(None, "s") == NOTHING


def test_two_numbers_that_differ_never_read_alike():
    assert pair(0.3, 0.3004, "s") == ("300 ms", "300.4 ms")
    assert pair(0.3, 0.3, "s") == ("300 ms", "300 ms")
    assert pair(0.999, 0.99899999, "ratio")[0] != pair(0.999, 0.99899999, "ratio")[1]
    assert pair(None, 0.3, "s") == (NOTHING, "300 ms")


def test_what_took_no_time_came_at_once():
    assert [delay(seconds, "in") for seconds in (0.0, 0.25, 3.0)] == ["at once", "in 250 ms", "in 3 s"]
    assert delay(3.0) == "3 s"
