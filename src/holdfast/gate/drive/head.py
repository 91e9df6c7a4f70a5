"""The head of an answer, for the answers that the fast path leaves over.

httptools frames what it can; it does not see which request an answer belongs to (HEAD), nor the end of a
body that ends with the connection, and per-header callbacks would cost more than all the rest.
"""

from __future__ import annotations

import re

from holdfast.gate.drive.records import RETRY_AFTER, Outcome

__all__ = ["HEAD_MAX", "MARK", "close_delimited", "final_head", "keeps_alive", "outcome", "status"]

HEAD_MAX = 65536
"""Bytes of an answer's head beyond which it is malformed (Node allows 16 KiB, Apache 64 KiB a header)."""

MARK = b"oldfast-"
"""Part of the outcome header's name as services (lower case) and proxies (Title-Case) write it: one search
decides whether a head is worth a look."""

_END = b"\r\n\r\n"
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)[ \r]")
_OUTCOME = re.compile(rb"\r\nholdfast-outcome:[ \t]*([a-z]+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"\r\nretry-after:", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\n(?:content-length|transfer-encoding):", re.IGNORECASE)
_CONNECTION = re.compile(rb"\r\nconnection:[^\r]*\b(close|keep-alive)\b", re.IGNORECASE)

_OUTCOMES = {
    member.name.lower().encode(): int(member) for member in Outcome if member is not Outcome.WRONG_ANSWER
}


def final_head(data: bytes) -> bytes | None:
    """Return the head of the final answer, up to and with its last line break; None while incomplete.

    Interim answers (100 Continue, 103 Early Hints) before it are skipped.
    """
    begin = 0
    while (end := data.find(_END, begin)) >= 0:
        if status(data[begin:end]) >= 200 or status(data[begin:end]) < 0:
            return data[begin : end + 2]
        begin = end + 4
    return None


def status(head: bytes) -> int:
    """Return the status in a head's first line, -1 where that is no status line."""
    match = _STATUS.match(head)
    return int(match[2]) if match else -1


def outcome(head: bytes) -> int:
    """Return the `Outcome` that a head declares, plus RETRY_AFTER where it has that header."""
    match = _OUTCOME.search(head)
    declared = _OUTCOMES.get(match[1].lower(), 0) if match else 0
    return declared | (RETRY_AFTER if _RETRY_AFTER.search(head) else 0)


def close_delimited(head: bytes) -> bool:
    """Whether the body of this final answer ends with the connection (RFC 9112, 6.3, rule 8)."""
    return status(head) not in {204, 304} and not _LENGTH.search(head)


def keeps_alive(head: bytes) -> bool:
    """Whether the server keeps the connection after an answer without body (RFC 9112, 9.3)."""
    said = _CONNECTION.search(head)
    if said:
        return said[1].lower() == b"keep-alive"
    return head.startswith(b"HTTP/1.1")
