"""Request specs as complete HTTP/1.1 requests, serialised before the first of them is sent.

Placeholders are expanded here, not while driving: the hot path then writes bytes that lie ready. A spec of
few combinations gets all of them, a spec of many gets `MAX_VARIANTS` drawn from the seed.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape.placeholder import Choice, choices, fill, fill_text, find
from holdfast.gate.shape.spec import Place, ReadSpec, Spec, read

__all__ = ["MAX_VARIANTS", "Catalogue", "Payload", "catalogue"]

MAX_VARIANTS = 4096
"""Variants of one spec: enough to miss a cache of a few hundred entries, and a few megabytes at most."""

_AGENT = "holdfast-gate"


@dataclass(frozen=True, slots=True)
class Payload:
    """One request: `name` as in reports ("GET /products/{n}"), `data` its bytes on the wire."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All requests that a schedule chooses from.

    `payloads`: N requests, variants of one spec next to each other; `share`: float64[N], the probability of
    each, summing to 1.
    """

    payloads: tuple[Payload, ...]
    share: np.ndarray[tuple[int], np.dtype[np.float64]]


def catalogue(
    specs: Sequence[Spec],
    *,
    authority: str,
    seed: int,
    base: Path | None = None,
    place: Place = str,
) -> Catalogue:
    """Serialise `specs` for the host `authority` ("127.0.0.1:8000").

    `base` is the folder that JSON files are relative to (default: the current one); `place` maps
    "traffic.request[0].send" to where that is written, for errors. Raises UsageError with that place.
    """
    if not specs:
        raise UsageError("no request to send: name at least one", place=place("traffic.request"))
    payloads: list[Payload] = []
    shares: list[float] = []
    # One stream a spec: a change to one leaves the variants of the others as they were.
    streams = np.random.SeedSequence(seed).spawn(len(specs))
    for number, (spec, stream) in enumerate(zip(specs, streams, strict=True)):
        dotted = f"traffic.request[{number}]"
        checked = read(spec, dotted, base=base or Path(), place=place)
        variants = _variants(checked, authority, np.random.default_rng(stream), place(f"{dotted}.json"))
        payloads += variants
        shares += [checked.weight / len(variants)] * len(variants)
    total = math.fsum(shares)
    if total <= 0:
        raise UsageError("every request has weight 0: nothing would be sent", place=place("traffic.request"))
    return Catalogue(tuple(payloads), np.array(shares, dtype=np.float64) / total)


def _variants(spec: ReadSpec, authority: str, rng: np.random.Generator, place: str) -> list[Payload]:
    try:
        in_body = choices(spec.body)
    except ValueError as error:
        raise UsageError(str(error), place=place) from None
    in_headers = [choice for value in spec.headers.values() for choice in find(value)]
    every = [*find(spec.target), *in_headers, *in_body]
    try:
        json.dumps(spec.body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"the body cannot be written as JSON: {error}", place=place) from None
    return [
        Payload(spec.name, _serialise(spec, authority, iter(numbers)))
        for numbers in _combinations(every, rng)
    ]


def _combinations(every: list[Choice], rng: np.random.Generator) -> Iterator[tuple[int, ...]]:
    if math.prod(high - low + 1 for low, high in every) <= MAX_VARIANTS:
        yield from itertools.product(*(range(low, high + 1) for low, high in every))
        return
    columns = [rng.integers(low, high, size=MAX_VARIANTS, endpoint=True).tolist() for low, high in every]
    yield from zip(*columns, strict=True)


def _serialise(spec: ReadSpec, authority: str, numbers: Iterator[int]) -> bytes:
    """Return the request; the order of reading `numbers` is that of `_variants`: target, headers, body."""
    lines = [f"{spec.method} {fill_text(spec.target, numbers)} HTTP/1.1"]
    headers = {name: fill_text(value, numbers) for name, value in spec.headers.items()}
    given = {name.lower() for name in headers}
    body = b""
    own = {"Host": authority, "User-Agent": _AGENT, "Accept": "*/*"}
    if spec.body is not None:
        body = json.dumps(fill(spec.body, numbers), ensure_ascii=False, separators=(",", ":")).encode()
        own["Content-Type"] = "application/json"
    if spec.body is not None or spec.method in {"POST", "PUT", "PATCH"}:
        own["Content-Length"] = str(len(body))
    lines += [f"{name}: {value}" for name, value in own.items() if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
