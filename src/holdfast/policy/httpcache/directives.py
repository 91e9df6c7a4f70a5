"""Cache-Control, of requests and responses: RFC 9111, 5.2, and RFC 5861."""

from __future__ import annotations

import re
from collections.abc import Mapping

from holdfast.policy.httpcache.fields import Headers, combined, members, values

__all__ = ["MOST", "Directives", "delta", "no_cache_pragma", "parse"]

MOST = 2**31
"""Seconds: larger numbers are read as this one (RFC 9111, 1.2.2)."""

_DIGITS = re.compile(r"[0-9]+", re.ASCII)


class Directives:
    """What was said, names in lower case. A directive that was given twice is its stricter one."""

    __slots__ = ("_said",)

    def __init__(self, said: Mapping[str, list[str | None]]) -> None:
        self._said = said

    def __contains__(self, name: str) -> bool:
        return name in self._said

    def __bool__(self) -> bool:
        return bool(self._said)

    def seconds(self, name: str) -> int | None:
        """Return the least number of a directive, 0 for one that is none; None where it was not given."""
        given = self._said.get(name)
        return None if given is None else min(_seconds(value) for value in given)

    def bare(self, name: str) -> bool:
        """Whether a directive was given without an argument."""
        return None in self._said.get(name, ())


def parse(headers: Headers) -> Directives:
    """Return what the Cache-Control of a message says."""
    said: dict[str, list[str | None]] = {}
    for member in members(combined(headers, b"cache-control")):
        name, equals, value = member.partition("=")
        # Spaces around "=" are not of the grammar: there is no number then.
        odd = name != name.rstrip() or value != value.lstrip()
        said.setdefault(name.strip().lower(), []).append(None if not equals else "" if odd else _bare(value))
    return Directives(said)


def no_cache_pragma(headers: Headers) -> bool:
    """Whether a client of HTTP/1.0 asks for what is not from a cache (RFC 9111, 5.4)."""
    return any("no-cache" in map(str.lower, members(line)) for line in values(headers, b"pragma"))


def delta(text: str) -> int | None:
    """Return a number of seconds; None for what is none."""
    found = _DIGITS.fullmatch(text)
    # More digits than any clock has: what they are does not matter, and reading them may take long.
    return None if found is None else min(int(text.lstrip("0")[:12] or "0"), MOST)


def _seconds(value: str | None) -> int:
    found = None if value is None else delta(value)
    return 0 if found is None else found


def _bare(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
