"""Whether two requests ask for the same: method, path, query, body, and the headers that were chosen.

JSON is compared by what it says: the order of keys and white space say nothing. Numbers are compared as they
are written, so that nothing that a decimal parser could tell apart is taken for equal. All other bodies are
compared byte by byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

__all__ = ["canonical", "fingerprint", "is_json"]

_DEEPEST = 100
"""Levels of JSON that are looked into: deeper ones are compared byte by byte, and no recursion runs out."""


def is_json(content_type: bytes) -> bool:
    """Whether a Content-Type means JSON."""
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def canonical(body: bytes) -> bytes:
    """Return one form for all JSON texts that say the same; what is no JSON is returned as it is."""
    if body.count(b"[") + body.count(b"{") > _DEEPEST and _depth(body) > _DEEPEST:
        return body
    try:
        said = json.loads(body, parse_float=_number, object_pairs_hook=_pairs)
        return json.dumps(said, sort_keys=True, separators=(",", ":")).encode("ascii")
    except (ValueError, TypeError, RecursionError):
        return body


def fingerprint(
    method: str, path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> bytes:
    """Return 32 bytes; `body` as `canonical` gives it, or a digest of it where it was too large to keep."""
    digest = hashlib.sha256()
    parts = [method.encode("latin-1", "replace"), path, query]
    for pair in headers:
        parts += pair
    for part in (*parts, body):
        # The length first, so that no part can pose as the end of another.
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.digest()


_MARK = "\udfff"
"""Half a character, which no UTF-8 text holds: what stands behind it is not what the caller wrote there."""


def _number(text: str) -> str:
    return _MARK + text


def _pairs(pairs: list[tuple[str, Any]]) -> Any:
    """An object as it is; one that names a key twice as what it is, for parsers disagree about it."""
    found = dict(pairs)
    return found if len(found) == len(pairs) else {_MARK: pairs}


def _depth(body: bytes) -> int:
    """Return a bound for the depth: brackets within strings count too."""
    depth = deepest = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
