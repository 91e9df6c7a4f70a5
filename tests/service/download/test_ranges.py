"""What of a file a request wants, by RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.service.download.ranges import satisfiable


@pytest.mark.parametrize(
    ("ranges", "sent"),
    [
        ("bytes=0-9", "bytes=0-9"),
        ("BYTES=0-9", "bytes=0-9"),
        ("bytes=5-", "bytes=5-"),
        ("bytes=-5", "bytes=-5"),
        ("bytes=0-9, 90-200", "bytes=0-9,90-200"),
        ("bytes=0-9,200-300", "bytes=0-9"),
        ("bytes=200-300", "bytes=200-300"),
        ("bytes=-0", "bytes=-0"),
        ("bytes=9-5", None),
        ("bytes=0-9,9-5", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes 0-9", None),
        ("lines=0-9", None),
        ("bytes=٣-٤", None),
        ("bytes=0-" + "9" * 5000, None),
    ],
)
def test_ranges(ranges: str, sent: str | None) -> None:
    assert satisfiable(ranges, 100) == sent


def test_an_empty_file_has_no_range() -> None:
    assert satisfiable("bytes=-5", 0) == "bytes=-5"
    assert satisfiable("bytes=0-", 0) == "bytes=0-"


@given(st.text(), st.integers(0, 10**6))
def test_whatever_is_asked_for_is_read(ranges: str, size: int) -> None:
    satisfiable(ranges, size)
    satisfiable(f"bytes={ranges}", size)
