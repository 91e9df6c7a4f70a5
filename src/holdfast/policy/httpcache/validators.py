"""Entity tags and conditional requests: RFC 9110, 8.8 and 13."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b

from holdfast.policy.httpcache import dates
from holdfast.policy.httpcache.fields import Headers, combined, values

__all__ = ["CONDITIONS", "conditional", "evaluate", "strong_tag", "weakened"]

CONDITIONS = frozenset((
    b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since", b"if-range"
))  # fmt: skip
"""What makes a request conditional."""

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def strong_tag(body: bytes) -> str:
    """Return an entity tag of these very bytes (BLAKE2b, 128 bits)."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def weakened(tag: str) -> str:
    """Return the tag of something that means the same in other bytes."""
    return tag if tag.startswith("W/") else f"W/{tag}"


def conditional(headers: Headers) -> bool:
    """Whether a request is conditional."""
    return any(name in CONDITIONS for name, _ in headers)


def evaluate(
    method: str, headers: Headers, *, tag: str | None, modified: float | None, now: float
) -> int | None:
    """Return the status that the conditions of a request ask for: 304, 412, or None to go on.

    `tag` and `modified` (seconds since 1970) are of what the target is now; both None: they are not known, or
    there is none. The order is that of 13.2.2.
    """
    exists = tag is not None or modified is not None
    if values(headers, b"if-match"):
        if not _matches(headers, b"if-match", tag, exists=exists, strong=True):
            return 412
    elif modified is not None:
        until = _date(headers, b"if-unmodified-since", now)
        if until is not None and int(modified) > until:
            return 412
    reads = method in ("GET", "HEAD")
    if values(headers, b"if-none-match"):
        if _matches(headers, b"if-none-match", tag, exists=exists, strong=False):
            return 304 if reads else 412
    elif reads and modified is not None:
        since = _date(headers, b"if-modified-since", now)
        if since is not None and int(modified) <= since:
            return 304
    return None


def _matches(headers: Headers, name: bytes, tag: str | None, *, exists: bool, strong: bool) -> bool:
    asked = combined(headers, name)
    if asked.strip() == "*":
        return exists
    if tag is None or (strong and tag.startswith("W/")):
        return False
    if strong:
        return tag in _tags(asked)
    return tag.removeprefix("W/") in (one.removeprefix("W/") for one in _tags(asked))


def _tags(text: str) -> Iterator[str]:
    """Yield the tags in a list; a comma may be part of one."""
    return (found[0] for found in _TAG.finditer(text))


def _date(headers: Headers, name: bytes, now: float) -> float | None:
    lines = values(headers, name)
    return dates.read(lines[0], now) if len(lines) == 1 else None
