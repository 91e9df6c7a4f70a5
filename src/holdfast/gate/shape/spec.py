"""One entry of [traffic].request: what to send and how often, read and checked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from holdfast.errors import UsageError
from holdfast.gate.shape.placeholder import JsonValue, find

__all__ = ["METHODS", "Place", "ReadSpec", "RequestSpec", "Spec", "read", "route"]

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Place = Callable[[str], str]
"""From a dotted path of the budget ("traffic.request[0].send") to its place ("holdfast.toml:14")."""

# RFC 9110, 5.6.2: the characters of a header's name.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# The driver frames requests and connections itself; a spec that contradicts it would desynchronise them.
_FRAMING = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_BRACES = re.compile(r"\{[^{}]*\}")


class Spec(Protocol):
    """What is needed of a request entry; the budget's own entries fit, and so does `RequestSpec`.

    The name of the body in a budget is `json`.
    """

    @property
    def send(self) -> str:
        """The method and the path: "GET /products/{1..500}"."""

    @property
    def body(self) -> JsonValue:
        """The JSON value, or the file that holds it (relative to the budget's folder); None sends none."""

    @property
    def headers(self) -> Mapping[str, str] | None:
        """Further headers."""

    @property
    def weight(self) -> float:
        """How often, relative to the other entries; 0 never."""


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """A request entry, for callers without a budget."""

    send: str
    body: JsonValue = None
    headers: Mapping[str, str] | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """A checked entry: `target` is path and query with placeholders, `body` the JSON value or None."""

    name: str
    method: str
    target: str
    body: JsonValue
    headers: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0


def route(send: str) -> str:
    """Return the name of a request in reports: method and path, the query cut, braces shown as {n}.

    The same name comes of a spec and of a route template, so that an objective finds its requests.

    >>> route("GET /products/{1..500}?page={1..9}")
    'GET /products/{n}'
    >>> route("GET /products/{product_id}")
    'GET /products/{n}'
    """
    return _BRACES.sub("{n}", send.partition("?")[0])


def read(spec: Spec, dotted: str, *, base: Path, place: Place) -> ReadSpec:
    """Check one entry and load its JSON file from `base`; UsageError names the place of what is wrong."""
    method, target = _line(spec.send, place(f"{dotted}.send"))
    return ReadSpec(
        name=route(f"{method} {target}"),
        method=method,
        target=target,
        body=_body(spec, place(f"{dotted}.json"), base),
        headers=_headers(spec.headers or {}, place(f"{dotted}.headers")),
        weight=_weight(spec.weight, place(f"{dotted}.weight")),
    )


def _line(send: str, place: str) -> tuple[str, str]:
    method, _, target = send.strip().partition(" ")
    target = target.strip()
    if method not in METHODS or not target.startswith("/"):
        raise UsageError(
            f'a request is "METHOD /path", as in "GET /products/{{1..500}}", not {send!r}', place=place
        )
    if not target.isascii() or not target.isprintable() or " " in target or "#" in target:
        raise UsageError(f"percent-encode the path: {target!r} cannot stand in a request line", place=place)
    try:
        placeholders = len(find(target))
    except ValueError as error:
        raise UsageError(str(error), place=place) from None
    braces = target.count("{")
    if braces != placeholders or target.count("}") != placeholders:
        raise UsageError(
            f"a placeholder is {{first..last}}, two integers; there is another brace in {target!r}",
            place=place,
        )
    return method, target


def _body(spec: Spec, place: str, base: Path) -> JsonValue:
    body: Any = spec.body
    if isinstance(body, str):
        path = base / body
        try:
            body = json.loads(path.read_bytes())
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}", place=place) from None
        except ValueError as error:
            raise UsageError(f"{path} is not JSON: {error}", place=place) from None
    return body  # type: ignore[no-any-return]


def _headers(headers: Mapping[str, str], place: str) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise UsageError(f"{name!r} cannot be the name of a header", place=place)
        if name.lower() in _FRAMING:
            raise UsageError(f"the header {name!r} is the driver's own to set", place=place)
        if not value.isprintable() or not value.isascii():
            raise UsageError(f"the value of the header {name!r} is not printable ASCII", place=place)
        try:
            find(value)
        except ValueError as error:
            raise UsageError(str(error), place=place) from None
    return dict(headers)


def _weight(weight: float, place: str) -> float:
    if not (math.isfinite(weight) and weight >= 0):
        raise UsageError(f"a weight is a number from 0 up, not {weight}", place=place)
    return float(weight)
