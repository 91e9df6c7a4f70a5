from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.deadline import parse_grpc_timeout, parse_request_timeout, render_request_timeout


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2", 2.0), ("1.5", 1.5), ("500ms", 0.5), (" 2 s ", 2.0), ("0", 0.0), ("1m", 60.0), ("250us", 0.00025)],
)
def test_request_timeout(text: str, seconds: float) -> None:
    assert parse_request_timeout(text) == pytest.approx(seconds)
    assert parse_request_timeout(text.encode()) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "-1", "nan", "inf", "1e9", "2 days", "0x10", "٣", "1" * 400, "1.", ".5", "5,0"]
)
def test_malformed_request_timeout_is_ignored(text: str) -> None:
    assert parse_request_timeout(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("100m", 0.1), ("1S", 1.0), ("2M", 120.0), ("1H", 3600.0), ("5u", 5e-6), ("7n", 7e-9)],
)
def test_grpc_timeout(text: str, seconds: float) -> None:
    assert parse_grpc_timeout(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "100", "m", "123456789S", "1 S", "-1S", "1.5S", "1x"])
def test_malformed_grpc_timeout_is_ignored(text: str) -> None:
    assert parse_grpc_timeout(text) is None


@given(st.binary())
def test_no_bytes_raise(value: bytes) -> None:
    for parse in (parse_request_timeout, parse_grpc_timeout):
        seconds = parse(value)
        assert seconds is None or 0 <= seconds < float("inf")


@given(st.floats(0, 1e5))
def test_what_is_told_is_never_more_than_there_is(seconds: float) -> None:
    told = parse_request_timeout(render_request_timeout(seconds))
    assert told is not None
    assert seconds - 0.0011 <= told <= seconds


def test_nothing_left() -> None:
    assert render_request_timeout(-3.0) == "0.000"
