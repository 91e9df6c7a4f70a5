"""The trace id of a caller, from the header `traceparent` (W3C Trace Context, level 1, section 3.2)."""

from __future__ import annotations

import re

__all__ = ["trace_id_of"]

# Version ff is forbidden; a later version than 00 may have more behind the flags.
_HEADER = re.compile(
    rb"(?!ff)(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}(?P<more>-.*)?"
)
_LONGEST = 512


def trace_id_of(header: bytes) -> str:
    """Return the trace id in `header`, "" where it has no valid one.

    >>> trace_id_of(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    '0af7651916cd43dd8448eb211c80319c'
    """
    if not header or len(header) > _LONGEST:
        return ""
    found = _HEADER.fullmatch(header)
    if found is None or (found["version"] == b"00" and found["more"]):
        return ""
    if not found["trace"].strip(b"0") or not found["span"].strip(b"0"):
        return ""
    return found["trace"].decode("ascii")
