"""Header fields as ASGI has them: pairs of bytes, names in lower case, the same name more than once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Headers", "combined", "members", "storable", "values"]

Headers = Sequence[tuple[bytes, bytes]]

_HOPS = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authentication-info",
    b"proxy-authorization", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
})  # fmt: skip
"""What is said to the next hop alone (RFC 9111, 3.1)."""


def values(headers: Headers, name: bytes) -> list[str]:
    """Return the lines of a field, in their order."""
    return [value.decode("latin-1") for field, value in headers if field == name]


def combined(headers: Headers, name: bytes) -> str:
    """Return the lines of a field as one list; "" where there is none."""
    return ", ".join(values(headers, name))


def members(text: str) -> Iterator[str]:
    """Yield the members of a list, none of them empty; a comma within quotes is part of its member."""
    start, quoted, escaped = 0, False, False
    for position, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            if found := text[start:position].strip():
                yield found
            start = position + 1
    if found := text[start:].strip():
        yield found


def storable(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the fields that may be kept: without those of this hop, and those that Connection names."""
    kept = tuple(headers)
    named = {name.lower().encode("latin-1") for name in members(combined(kept, b"connection"))}
    return tuple((name, value) for name, value in kept if name not in _HOPS and name not in named)
