"""No text makes a pattern slow: counted in what the patterns look at, not in time.

A pattern that backtracks takes exponential or quadratic time. Such texts are tried at a length at which that
would take hours or minutes, and linear time takes some hundredths of a second: the suite's own timeout tells.
"""

from __future__ import annotations

import pytest

from holdfast.telemetry.redaction import Redactor

PIECES = [
    *("a", "4", "4 ", "41 ", "411-", "1-", "a-", ".", " ", "\\", "'", '"', "\\'", '\\"', "=", ":", "\n"),
    *("eyJ", "eyJa.", "eyJaaaaaa.", "token", "token=", "token='", "token=\\'", "'token', ", "password: "),
    *(
        "password=\\",
        'password="\\"',
        "authorization:",
        "cookie: ",
        "cookie=a",
        "bearer ",
        "bearer a",
        "basic ",
    ),
    *(
        "://",
        "://a:",
        "://:a@",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN ",
        "sig=",
        "&sig=",
        "sk-",
        "sk_live_",
    ),
    *("AKIA", "ghp_", "xoxb-", "SG.a.", "4111 1111 1111 1111 ", "[redacted]", "%(", "{"),
]


@pytest.mark.parametrize("piece", PIECES)
def test_repetition_is_no_trap(piece: str) -> None:
    length = 300_000
    text = (piece * length)[:length]
    found = Redactor().text(text)
    assert len(found) <= 12 * length
