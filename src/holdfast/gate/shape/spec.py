"""What a budget says to send, one request or several steps, read and checked."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from holdfast.errors import UsageError
from holdfast.gate.shape.check import Check, Expect, Place, read_check
from holdfast.gate.shape.placeholder import JsonValue, Variable, find, find_all
from holdfast.gate.shape.template import cut, unmarked
from holdfast.gate.shape.upload import Upload, read_upload

__all__ = [
    "METHODS",
    "ReadSpec",
    "RequestSpec",
    "Rows",
    "ScenarioSpec",
    "Sendable",
    "Spec",
    "StepSpec",
    "read",
    "read_weight",
    "route",
]

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Rows = Literal["random", "in order"]
"""How the rows of CSV files are chosen: drawn by the seed, or one after the other."""

# RFC 9110, 5.6.2: the characters of a header's name.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# The driver frames requests and connections itself; a spec that contradicts it would desynchronise them.
_FRAMING = frozenset(
    {"connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
_BRACES = re.compile(r"\{[^{}]*\}")


class Sendable(Protocol):
    """One request of a budget. The name of the body there is `json`."""

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
    def upload(self) -> Upload | None:
        """A file that is sent in a form, in place of a body."""

    @property
    def expect(self) -> Expect | None:
        """What the answer has to be; None leaves that to [sli]."""

    @property
    def reads(self) -> float | None:
        """Seconds that an answer is listened to behind its first bytes; None reads it to its end."""


class Spec(Sendable, Protocol):
    """A request that arrives by itself; the budget's own entries fit, and so does `RequestSpec`."""

    @property
    def weight(self) -> float:
        """How often, relative to the other entries; 0 never."""

    @property
    def rows(self) -> Rows:
        """How the rows of its CSV files are chosen."""


class StepSpec(Sendable, Protocol):
    """One request of several that follow one another."""

    @property
    def take(self) -> Mapping[str, str]:
        """Names for what later steps send of the answer: {"order_id": "$.id"}."""

    @property
    def think(self) -> float | None:
        """Seconds between the answer of the step before and this one; None as the scenario says."""


class ScenarioSpec(Protocol):
    """Steps of one user. `weight` is that of his arrival."""

    @property
    def steps(self) -> Sequence[StepSpec]:
        """What he sends, one after the other."""

    @property
    def think(self) -> float:
        """Seconds between an answer and the next step."""

    @property
    def weight(self) -> float:
        """How often he arrives, relative to the other entries; 0 never."""

    @property
    def rows(self) -> Rows:
        """How the rows of his CSV files are chosen: all steps have the same."""


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """A request entry, for callers without a budget."""

    send: str
    body: JsonValue = None
    headers: Mapping[str, str] | None = None
    weight: float = 1.0
    expect: Expect | None = None
    rows: Rows = "random"
    upload: Upload | None = None
    reads: float | None = None


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """A checked entry: `target` is path and query with placeholders, `body` the JSON value or None, `form`
    the bytes of an upload."""

    name: str
    method: str
    target: str
    body: JsonValue
    headers: Mapping[str, str] = field(default_factory=dict)
    check: Check | None = None
    form: bytes = b""
    reads: float | None = None


def route(send: str) -> str:
    """Return the name of a request in reports: method and path, the query cut, braces shown as {n}.

    The same name comes of a spec and of a route template, so that an objective finds its requests.

    >>> route("GET /products/{1..500}?page={1..9}")
    'GET /products/{n}'
    >>> route("GET /products/{product_id}")
    'GET /products/{n}'
    """
    return _BRACES.sub("{n}", send.partition("?")[0])


def read(
    spec: Sendable,
    dotted: str,
    *,
    base: Path,
    place: Place,
    taken: Collection[str] | None = None,
    take: Mapping[str, str] | None = None,
) -> ReadSpec:
    """Check one entry and load its JSON file from `base`; UsageError names the place of what is wrong.

    `taken`: in a step, the names that steps before it take, {name} is then a hole; `take`: what it takes.
    """
    method, target = _line(_cut(spec.send, taken, place(f"{dotted}.send")), place(f"{dotted}.send"))
    body = _body(spec, place(f"{dotted}.json"), base)
    headers = _cut(dict(spec.headers or {}), taken, place(f"{dotted}.headers"))
    return ReadSpec(
        name=route(unmarked(f"{method} {target}")),
        method=method,
        target=target,
        body=_cut(body, taken, place(f"{dotted}.json")),
        headers=_headers(headers, place(f"{dotted}.headers")),
        check=read_check(spec.expect, take or {}, dotted, place),
        form=b"" if spec.upload is None else read_upload(spec.upload, dotted, base=base, place=place),
        reads=spec.reads,
    )


def _cut(value: Any, taken: Collection[str] | None, place: str) -> Any:
    if taken is None:
        return value
    try:
        return cut(value, taken)
    except ValueError as error:
        raise UsageError(str(error), place=place) from None


def _line(send: str, place: str) -> tuple[str, str]:
    method, _, target = send.strip().partition(" ")
    target = target.strip()
    if method not in METHODS or not target.startswith("/"):
        raise UsageError(
            f'a request is "METHOD /path", as in "GET /products/{{1..500}}", not {send!r}', place=place
        )
    plain = unmarked(target)
    if not plain.isascii() or not plain.isprintable() or " " in plain or "#" in plain:
        raise UsageError(f"percent-encode the path: {plain!r} cannot stand in a request line", place=place)
    try:
        found = find(target)
    except ValueError as error:
        raise UsageError(str(error), place=place) from None
    if any(isinstance(each, Variable) for each in found):
        raise UsageError("a path is written into logs: send {env:...} in a header or a body", place=place)
    if target.count("{") != len(found) or target.count("}") != len(found):
        raise UsageError(
            f"a placeholder is {{first..last}} or {{file.csv:column}}; there is another brace in {plain!r}",
            place=place,
        )
    return method, target


def _body(spec: Sendable, place: str, base: Path) -> JsonValue:
    body: Any = spec.body
    if isinstance(body, str):
        path = base / body
        try:
            body = json.loads(path.read_bytes())
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}", place=place) from None
        except ValueError as error:
            raise UsageError(f"{path} is not JSON: {error}", place=place) from None
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the body cannot be written as JSON: {error}", place=place) from None
    try:
        find_all(body)
    except ValueError as error:
        raise UsageError(str(error), place=place) from None
    return body  # type: ignore[no-any-return]


def _headers(headers: Mapping[str, str], place: str) -> dict[str, str]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise UsageError(f"{name!r} cannot be the name of a header", place=place)
        if name.lower() in _FRAMING:
            raise UsageError(f"the header {name!r} is the driver's own to set", place=place)
        if not unmarked(value).isprintable() or not unmarked(value).isascii():
            raise UsageError(f"the value of the header {name!r} is not printable ASCII", place=place)
        try:
            find(value)
        except ValueError as error:
            raise UsageError(str(error), place=place) from None
    return dict(headers)


def read_weight(weight: float, place: str) -> float:
    """Check a weight; UsageError with `place` where it is none."""
    if not (math.isfinite(weight) and weight >= 0):
        raise UsageError(f"a weight is a number from 0 up, not {weight}", place=place)
    return float(weight)
