"""What of a file a request wants, by RFC 9110."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.service.download.conditional import not_modified, satisfiable


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


@pytest.mark.parametrize(
    ("headers", "has"),
    [
        ({}, False),
        ({"if-none-match": '"a"'}, True),
        ({"if-none-match": 'W/"a"'}, True),
        ({"if-none-match": '"b", "a"'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": '"b"'}, False),
        ({"if-none-match": '"b"', "if-modified-since": formatdate(2000, usegmt=True)}, False),
        ({"if-modified-since": formatdate(1000, usegmt=True)}, True),
        ({"if-modified-since": formatdate(999, usegmt=True)}, False),
        ({"if-modified-since": "yesterday"}, False),
        ({"if-modified-since": "Mon, 99 Foo 1970 00:16:40 GMT"}, False),
    ],
)
def test_what_the_client_has_already(headers: dict[str, str], has: bool) -> None:
    assert not_modified(headers, etag='"a"', modified=1000.7) is has
