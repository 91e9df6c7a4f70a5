from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.budget import units

DECIMALS = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(10) ** 6, places=3)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("300ms", 0.3),
        ("2s", 2.0),
        ("5m", 300.0),
        ("5min", 300.0),
        ("1.5h", 5400.0),
        ("2d", 172800.0),
        ("250 us", 0.00025),
        ("250µs", 0.00025),
        ("1_500ms", 1.5),
        ("0.1s", 0.1),
    ],
)
def test_durations(written: str, seconds: float) -> None:
    assert units.parse_duration(written) == seconds


@pytest.mark.parametrize(
    "wrong", ["300", 300, 0.3, "-1s", "0s", "s", "", "1y", "nan s", "infs", True, None, [], "1e999s"]
)
def test_what_is_no_duration_is_told_what_one_is(wrong: object) -> None:
    with pytest.raises(ValueError, match=r'expected a duration.*"300ms"'):
        units.parse_duration(wrong)


def test_a_bare_number_is_told_that_the_unit_is_missing() -> None:
    with pytest.raises(ValueError, match=r"got 300 \(a duration needs its unit\)"):
        units.parse_duration(300)
    with pytest.raises(ValueError, match=r'got "200" \(a rate needs its period\)'):
        units.parse_rate("200")


def test_a_pause_may_be_none() -> None:
    assert units.parse_pause("0s") == 0


@pytest.mark.parametrize(
    ("written", "ratio"),
    [("99.9%", 0.999), (0.999, 0.999), ("0.999", 0.999), ("0%", 0.0), (1, 1.0), ("50 %", 0.5)],
)
def test_ratios(written: object, ratio: float) -> None:
    assert units.parse_ratio(written) == ratio


@pytest.mark.parametrize("wrong", ["99.9", 99.9, "101%", "-1%", -0.1, True, "half", float("nan")])
def test_what_is_no_ratio(wrong: object) -> None:
    with pytest.raises(ValueError, match=r'expected a share.*"99\.9%" or 0\.999'):
        units.parse_ratio(wrong)


@pytest.mark.parametrize(
    ("written", "rate"),
    [("1000/s", 1000.0), ("60/min", 1.0), ("3600/h", 1.0), ("0.5/s", 0.5), ("10 / second", 10.0)],
)
def test_rates(written: str, rate: float) -> None:
    assert units.parse_rate(written) == rate


@pytest.mark.parametrize("wrong", ["1000", 1000, "0/s", "-1/s", "/s", "1/fortnight", "1/ms"])
def test_what_is_no_rate(wrong: object) -> None:
    with pytest.raises(ValueError, match=r'expected a rate.*"200/s"'):
        units.parse_rate(wrong)


@pytest.mark.parametrize(
    ("written", "size"),
    [("64MiB", 64 * 2**20), ("1.5GB", 1_500_000_000), (65536, 65536), ("512B", 512), ("1kB", 1000)],
)
def test_bytes(written: object, size: int) -> None:
    assert units.parse_bytes(written) == size


@pytest.mark.parametrize("wrong", ["0B", "-1kB", "0.3B", "64mib", "64 Mb", 0, 1.5])
def test_what_is_no_size(wrong: object) -> None:
    with pytest.raises(ValueError, match=r'expected a size.*"64MiB"'):
        units.parse_bytes(wrong)


def test_counts() -> None:
    assert units.parse_count(4) == units.parse_count("4") == 4
    assert units.parse_whole(0) == 0
    assert units.parse_factor(2) == units.parse_factor("2.0") == units.parse_factor("2x") == 2.0


@pytest.mark.parametrize("wrong", [0, -1, 1.5, 2.0, True, "four", "4 workers", None])
def test_what_is_no_count(wrong: object) -> None:
    with pytest.raises(ValueError, match="whole number of at least 1, such as 4"):
        units.parse_count(wrong)


@pytest.mark.parametrize("wrong", [0.5, -1, "x", True])
def test_what_is_no_factor(wrong: object) -> None:
    with pytest.raises(ValueError, match="factor of at least 1"):
        units.parse_factor(wrong)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.3, "300ms"),
        (2.0, "2s"),
        (300.0, "5m"),
        (90.0, "90s"),
        (0.0125, "12.5ms"),
        (5400.0, "90m"),
        (0.0, "0s"),
    ],
)
def test_durations_as_people_write_them(seconds: float, text: str) -> None:
    assert units.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(200.0, "200/s"), (1 / 6, "10/min"), (0.5, "0.5/s"), (1 / 3600, "1/h")]
)
def test_rates_as_people_write_them(rate: float, text: str) -> None:
    assert units.format_rate(rate) == text


def test_others_as_people_write_them() -> None:
    assert units.format_ratio(0.999) == "99.9%"
    assert units.format_ratio(1.0) == "100%"
    assert units.format_bytes(64 * 2**20) == "64MiB"
    assert units.format_bytes(1500) == "1500B"
    assert units.format_bytes(5000) == "5kB"
    assert units.format_factor(2.0) == "2"


@given(DECIMALS, st.sampled_from(sorted(units.SECONDS)))
def test_durations_survive_a_round_trip(number: Decimal, unit: str) -> None:
    seconds = units.parse_duration(f"{number}{unit}")
    assert units.parse_duration(units.format_duration(seconds)) == seconds


@given(st.decimals(min_value=0, max_value=100, places=4))
def test_ratios_survive_a_round_trip(percent: Decimal) -> None:
    ratio = units.parse_ratio(f"{percent}%")
    assert units.parse_ratio(units.format_ratio(ratio)) == ratio


@given(DECIMALS, st.sampled_from(sorted(units.PERIODS)))
def test_rates_survive_a_round_trip(number: Decimal, period: str) -> None:
    rate = units.parse_rate(f"{number}/{period}")
    assert units.parse_rate(units.format_rate(rate)) == rate


@given(st.integers(1, 2**50), st.sampled_from(sorted(units.SIZES)))
def test_sizes_survive_a_round_trip(number: int, unit: str) -> None:
    size = units.parse_bytes(f"{number}{unit}")
    assert units.parse_bytes(units.format_bytes(size)) == size


@given(st.floats(min_value=1e-9, max_value=1e9, allow_nan=False))
def test_any_duration_can_be_written(seconds: float) -> None:
    assert units.parse_duration(units.format_duration(seconds)) == seconds


@given(st.text(max_size=20))
def test_any_text_is_a_unit_or_a_clear_refusal(text: str) -> None:
    for parse in (
        units.parse_duration,
        units.parse_ratio,
        units.parse_rate,
        units.parse_bytes,
        units.parse_count,
    ):
        try:
            value = parse(text)
        except ValueError as error:
            assert str(error).startswith("expected ")  # noqa: PT017 - both ends are right
        else:
            assert value >= 0
