"""Reduces what was logged to JSON's own types, at once and in bounds.

At once, because a value may change before the line is written, and because the text of an object may be had
on its own thread only. In bounds, because a log line is no place for a whole table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["plain", "text_of"]

_DEEPEST = 6
_MOST = 100
_LONGEST = 64 * 1024


def plain(value: Any, depth: int = 0) -> Any:
    """Return a copy of `value` of dicts, lists, pairs, texts and numbers; never raises."""
    if value is None or isinstance(value, (bool, int)):
        return value if type(value) in (bool, int, type(None)) else text_of(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < _DEEPEST:
        try:
            if isinstance(value, Mapping):
                items = list(value.items())
                found = {text_of(name): plain(each, depth + 1) for name, each in items[:_MOST]}
                return found if len(items) <= _MOST else {**found, "...": f"{len(items) - _MOST} more"}
            if isinstance(value, (list, tuple, set, frozenset)):
                parts = [plain(each, depth + 1) for each in list(value)[:_MOST]]
                if len(value) > _MOST:
                    parts.append(f"... {len(value) - _MOST} more")
                return tuple(parts) if isinstance(value, tuple) else parts
        except Exception:  # noqa: BLE001 - a mapping of the app's own may do anything
            return text_of(value)
    return text_of(value)


def text_of(value: object) -> str:
    """Return the text of any object, bytes decoded, cut to a bound; never raises."""
    try:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    except Exception as error:  # noqa: BLE001 - a log line must not fail with what it shows
        return f"<{type(value).__name__}, whose text cannot be had: {type(error).__name__}>"
    return text if len(text) <= _LONGEST else text[:_LONGEST]
