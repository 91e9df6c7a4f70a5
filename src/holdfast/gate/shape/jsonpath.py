"""Paths into a JSON document: "$.items[0].id", the singular queries of RFC 9535 (2.3.5.1)."""

from __future__ import annotations

import json
import re
from typing import Any

from holdfast.gate.shape.placeholder import JsonValue

__all__ = ["JsonPath", "look_up", "parse_path", "show_path"]

JsonPath = tuple[str | int, ...]

_PART = re.compile(r"""\.([^\W\d]\w*)|\[(-?\d{1,9})\]|\[(?:"([^"\\]*)"|'([^'\\]*)')\]""")


def parse_path(text: str) -> JsonPath:
    """Return the names and indexes of a path; ValueError where the text is none."""
    found: list[str | int] = []
    at = 1
    while text.startswith("$") and at < len(text):
        match = _PART.match(text, at)
        if match is None:
            break
        name = next((group for group in match.group(1, 3, 4) if group is not None), None)
        found.append(int(match[2]) if name is None else name)
        at = match.end()
    if not text.startswith("$") or at < len(text):
        raise ValueError(f'expected a path such as "$.items[0].id", got "{text}"')
    return tuple(found)


def show_path(path: JsonPath) -> str:
    """Return the text of a path."""
    parts = (
        f".{part}" if isinstance(part, str) and part.isidentifier() else f"[{json.dumps(part)}]"
        for part in path
    )
    return "".join(("$", *parts))


def look_up(document: JsonValue, path: JsonPath) -> JsonValue:
    """Return what stands at a path; LookupError where nothing does."""
    for part in path:
        if not isinstance(document, dict if isinstance(part, str) else list):
            raise LookupError(part)
        container: Any = document
        document = container[part]
    return document
