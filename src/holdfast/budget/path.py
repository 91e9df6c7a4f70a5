"""Dotted paths of the budget, written as TOML writes keys.

A path is a tuple of keys and list indexes; its dotted form quotes a key that is not bare:
`("objective", "route", "POST /orders", "p99")` is `objective.route."POST /orders".p99`, and
`("traffic", "request", 0, "send")` is `traffic.request[0].send`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["KeyPath", "dotted", "parts"]

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PART = re.compile(r'\.?(?:"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+))')


def dotted(path: Iterable[str | int]) -> str:
    """Return the dotted form of a path."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        if not _BARE.fullmatch(part):
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            part = f'"{escaped}"'
        text += f".{part}" if text else part
    return text


def parts(text: str) -> KeyPath:
    """Return the path of a dotted form.

    Raises ValueError where the text is none.
    """
    path: list[str | int] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            raise ValueError(f"not a dotted path: {text!r}")
        quoted, index, bare = found.groups()
        if index is not None:
            path.append(int(index))
        else:
            path.append(bare if bare is not None else re.sub(r"\\(.)", r"\1", quoted))
        at = found.end()
    return tuple(path)
