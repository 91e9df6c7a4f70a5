from __future__ import annotations

import pytest

from holdfast.gate.drive.head import close_delimited, final_head, keeps_alive, outcome, status
from holdfast.gate.drive.records import RETRY_AFTER, Outcome

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"


def test_an_incomplete_head_is_none_at_every_cut() -> None:
    whole = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + PLAIN + b"\r\n"
    for cut in range(len(whole)):
        assert final_head(whole[:cut]) is None
    assert final_head(whole) == PLAIN
    assert final_head(whole + b"ok") == PLAIN


def test_what_is_no_status_line_is_final_and_has_no_status() -> None:
    assert final_head(b"SSH-2.0\r\n\r\n") == b"SSH-2.0\r\n"
    assert status(b"SSH-2.0\r\n") == -1
    assert status(PLAIN) == 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"holdfast-outcome: shed", Outcome.SHED),
        (b"Holdfast-Outcome: deadline", Outcome.DEADLINE),
        (b"HOLDFAST-OUTCOME:dependency", Outcome.DEPENDENCY),
        (b"holdfast-outcome:  degraded", Outcome.DEGRADED),
        (b"holdfast-outcome: shed\r\nretry-after: 1", Outcome.SHED | RETRY_AFTER),
        (b"Retry-After: 1", RETRY_AFTER),
        (b"x-holdfast-outcome: shed", Outcome.NONE),
        (b"x: holdfast-outcome: shed", Outcome.NONE),
        (b"holdfast-outcome: news", Outcome.NONE),
    ],
)
def test_outcome(header: bytes, expected: int) -> None:
    assert outcome(b"HTTP/1.1 503 x\r\nserver: y\r\n" + header + b"\r\n") == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n", False),
        (b"HTTP/1.1 304 Not Modified\r\n", False),
        (PLAIN, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n", False),
    ],
)
def test_close_delimited(head: bytes, expected: bool) -> None:
    assert close_delimited(head) is expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nconnection: foo, Close\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
        (b"HTTP/1.1 200 OK\r\nx: close\r\n", True),
    ],
)
def test_keeps_alive(head: bytes, expected: bool) -> None:
    assert keeps_alive(head) is expected
