"""A response as it is kept: its fields and bytes, and for how long they are good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from holdfast.policy.cache import Undecodable
from holdfast.policy.httpcache import dates
from holdfast.policy.httpcache.asking import Who
from holdfast.policy.httpcache.fields import Headers, storable, values

__all__ = ["FORM", "ResponseForm", "Stored", "Terms"]

_OF_CONTENT = frozenset((b"content-length", b"content-encoding", b"content-type", b"content-range"))
"""What a 304 says of a content that it does not carry is not taken from it (RFC 9111, 3.2)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a response may be used. Numbers are seconds.

    `lifetime`: for how long it is fresh, from when it was made. `confirm`: it has to be confirmed each time.
    `strict`: it must not be used stale. `behind`, `bridge`: for how long after that it may be used while it
    is renewed, and because renewing it failed. `shared`: for whom it may be used at most.
    """

    lifetime: float
    confirm: bool = False
    strict: bool = False
    behind: float = 0.0
    bridge: float = 0.0
    shared: Who = Who.ANYBODY


@dataclass(frozen=True, slots=True)
class Stored:
    """`at`: when it was received, seconds since 1970; `age`: how old it was then. `tags`: to purge it by."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    at: float
    age: float
    terms: Terms
    tags: tuple[str, ...] = ()

    def age_at(self, now: float) -> float:
        """Return how old it is (RFC 9111, 4.2.3). A clock that was set back makes nothing younger."""
        return self.age + max(0.0, now - self.at)

    @property
    def etag(self) -> str | None:
        """Its entity tag."""
        return next(iter(values(self.headers, b"etag")), None)

    @property
    def modified(self) -> float | None:
        """When it was last modified."""
        lines = values(self.headers, b"last-modified")
        return dates.read(lines[0], self.at) if lines else None

    @property
    def validators(self) -> tuple[tuple[bytes, bytes], ...]:
        """The fields of a request that asks whether it still holds."""
        names = {b"etag": b"if-none-match", b"last-modified": b"if-modified-since"}
        return tuple((names[name], value) for name, value in self.headers if name in names)

    def confirmed(self, headers: Headers, *, at: float, age: float, terms: Terms) -> Stored:
        """Return it as a 304 with `headers` has it from now on (RFC 9111, 3.2)."""
        new = tuple(pair for pair in storable(headers) if pair[0] not in _OF_CONTENT)
        replaced = {name for name, _ in new} | {b"age"}
        kept = tuple(pair for pair in self.headers if pair[0] not in replaced)
        return replace(self, headers=kept + new, at=at, age=age, terms=terms)


class ResponseForm:
    """Responses as bytes: a line of JSON, then the body as it is."""

    version = "r1"

    def own(self, value: Any) -> Stored:
        """Return `value`, which is a Stored. Raises Undecodable."""
        if not isinstance(value, Stored):
            raise Undecodable("no response")
        return value

    def encode(self, value: Stored) -> bytes:
        """Return `value` as bytes."""
        terms = value.terms
        head = {
            "status": value.status,
            "headers": [[name.decode("latin-1"), text.decode("latin-1")] for name, text in value.headers],
            "at": value.at,
            "age": value.age,
            "terms": [getattr(terms, name) for name in Terms.__slots__],
            "tags": value.tags,
            "length": len(value.body),
        }
        return json.dumps(head, separators=(",", ":")).encode("ascii") + b"\n" + value.body

    def decode(self, data: bytes) -> Stored:
        """Return what `encode` wrote. Raises Undecodable."""
        line, _, body = data.partition(b"\n")
        try:
            head = json.loads(line)
            if head["length"] != len(body):
                raise Undecodable("the body is not whole")
            return _read(head, body)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Undecodable(f"{type(error).__name__}: {error}") from error


FORM = ResponseForm()


def _read(head: Mapping[str, Any], body: bytes) -> Stored:
    numbers = head["terms"]
    lifetime, confirm, strict, behind, bridge, shared = numbers
    terms = Terms(float(lifetime), bool(confirm), bool(strict), float(behind), float(bridge), Who(shared))
    headers = tuple((name.encode("latin-1"), text.encode("latin-1")) for name, text in head["headers"])
    return Stored(
        int(head["status"]),
        headers,
        body,
        float(head["at"]),
        float(head["age"]),
        terms,
        tuple(map(str, head["tags"])),
    )
