from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.traffic.access_log import parse
from holdfast.gate.traffic.recorded import Recorded

NOON = 1795176000.0  # 2026-11-20 12:00:00 UTC


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            '10.0.0.1 - ann [20/Nov/2026:12:00:00 +0000] "GET /a?b=1 HTTP/1.1" 200 5 "-" "curl"',
            Recorded("GET", "/a?b=1", NOON, 200),
        ),
        (
            '10.0.0.1 - - [20/Nov/2026:13:00:00 +0100] "POST /orders HTTP/2.0" 201 5',
            Recorded("POST", "/orders", NOON, 201, wants_body=True),
        ),
        ('INFO:     127.0.0.1:5236 - "GET /x HTTP/1.1" 404 Not Found', Recorded("GET", "/x", None, 404)),
        (
            '{"time": "2026-11-20T12:00:00Z", "method": "get", "path": "/a", "status": 200}',
            Recorded("GET", "/a", NOON, 200),
        ),
        (
            '{"ts": 1795176000.0, "request": {"method": "GET", "uri": "/a"}, "status": 200}',
            Recorded("GET", "/a", NOON, 200),
        ),
        (
            '{"msec": "1795176000000", "request": "GET /a?b HTTP/1.1", "status": "200"}',
            Recorded("GET", "/a?b", NOON, 200),
        ),
        ('{"method": "GET", "url": "https://shop.example/a?b=1"}', Recorded("GET", "/a?b=1")),
        ('{"time": true, "method": "GET", "url": "/a", "status": null}', Recorded("GET", "/a")),
    ],
)
def test_formats(line: str, expected: Recorded) -> None:
    assert parse([line]).requests == (expected,)


@pytest.mark.parametrize(
    "line",
    [
        "started server process [1]",
        '10.0.0.1 - - [yesterday] "\\x16\\x03 /" 400 0',
        "{broken",
        '{"method": "GET"}',
        '{"method": 5, "path": []}',
        '{"method": "BREW", "path": "/pot"}',
        "[1, 2]",
    ],
)
def test_what_is_not_understood_is_counted(line: str) -> None:
    found = parse(["", line])
    assert (found.requests, found.skipped) == ((), 1)


@given(st.lists(st.text(max_size=80), max_size=20))
def test_no_line_breaks_it(lines: list[str]) -> None:
    found = parse(lines)
    assert len(found.requests) + found.skipped == sum(1 for line in lines if line.strip())
