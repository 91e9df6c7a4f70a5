"""Which fields of a request select a response: RFC 9111, 4.1."""

from __future__ import annotations

import re
from collections.abc import Iterable

from holdfast.policy.httpcache.fields import Headers, combined, members

__all__ = ["EVERYTHING", "joined", "names", "selecting"]

EVERYTHING = "*"
"""Among the names: no other request selects this response."""

_COMMA = re.compile(r"[ \t]*,[ \t]*")


def names(headers: Headers) -> frozenset[str]:
    """Return what the Vary of a response names, in lower case."""
    return frozenset(name.lower() for name in members(combined(headers, b"vary")))


def joined(*lists: str) -> str:
    """Return lists of names as one, each name once, as it is written first."""
    written: dict[str, str] = {}
    for text in lists:
        for name in members(text):
            written.setdefault(name.lower(), name)
    return ", ".join(written.values())


def selecting(headers: Headers, wanted: Iterable[str]) -> tuple[str | None, ...]:
    """Return the values of the `wanted` fields of a request; None for one that it does not have.

    Lines are one list and space around commas does not count; nothing else is taken for the same.
    """
    present = {name for name, _ in headers}
    return tuple(
        _COMMA.sub(",", combined(headers, name.encode("latin-1")).strip())
        if name.encode("latin-1") in present
        else None
        for name in wanted
    )
