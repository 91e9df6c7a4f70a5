"""Requests with holes: what a step sends of what steps before it took, known only while driving.

While a request is prepared, a hole is its name between two noncharacters (Unicode 23.7: for internal use),
which no text holds and which JSON leaves alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from urllib.parse import quote

from holdfast.gate.shape.placeholder import JsonValue

__all__ = ["HOLE", "LENGTH", "cut", "render", "unmarked"]

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
HOLE = _OPEN.encode()
"""What marks a request with holes."""

LENGTH = f"{_OPEN}{_CLOSE}"
"""The hole for the length of a body that has holes itself."""

_NAMED = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TEXT = re.compile(f"{_OPEN}([A-Za-z0-9_]*){_CLOSE}")
_JSON = re.compile(f'"{_OPEN}([A-Za-z0-9_]+){_CLOSE}"|{_OPEN}([A-Za-z0-9_]+){_CLOSE}')


def cut(value: JsonValue, names: Collection[str]) -> JsonValue:
    """Return `value` with a hole for each {name}; ValueError where no step before takes that name."""
    if isinstance(value, str):
        return _NAMED.sub(lambda match: _hole(match[1], names), value)
    if isinstance(value, dict):
        return {key: cut(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cut(item, names) for item in value]
    return value


def _hole(name: str, names: Collection[str]) -> str:
    if name not in names:
        known = ", ".join(f"{{{each}}}" for each in names) or "nothing"
        raise ValueError(f"no step before takes {{{name}}}; taken so far: {known}")
    return f"{_OPEN}{name}{_CLOSE}"


def unmarked(text: str) -> str:
    """Return `text` with its holes as {n}."""
    return _TEXT.sub("{n}", text)


def render(data: bytes, values: Mapping[str, JsonValue]) -> bytes:
    """Return a request with its holes filled: escaped as the path, a header or the JSON body wants it.

    In a body, a string that is one hole and nothing else becomes the value itself, a number a number.
    """
    if HOLE not in data:
        return data
    start, _, body = data.partition(b"\r\n\r\n")
    head = start.decode()
    if LENGTH in head:  # else the body has no holes, whatever its bytes look like
        body = _JSON.sub(lambda match: _in_json(match, values), body.decode()).encode()
    line, _, headers = head.partition("\r\n")
    line = _TEXT.sub(lambda match: quote(_plain(values[match[1]]), safe=""), line)
    headers = _TEXT.sub(lambda match: _plain(values[match[1]]) if match[1] else str(len(body)), headers)
    return f"{line}\r\n{headers}\r\n\r\n".encode() + body


def _in_json(match: re.Match[str], values: Mapping[str, JsonValue]) -> str:
    if match[1]:
        return json.dumps(values[match[1]], ensure_ascii=False)
    return json.dumps(_plain(values[match[2]]), ensure_ascii=False)[1:-1]


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)
