"""The requests and scenarios of a budget as complete HTTP/1.1 requests, ready before the first is sent.

Placeholders are expanded here, not while driving: the hot path then writes bytes that lie ready. A spec of
few combinations gets all of them, a spec of many gets `MAX_VARIANTS` drawn from the seed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape.check import Place
from holdfast.gate.shape.payload import Catalogue, Payload
from holdfast.gate.shape.placeholder import JsonValue, fill, fill_text, find, find_all
from holdfast.gate.shape.spec import ReadSpec, ScenarioSpec, Spec, read, read_weight
from holdfast.gate.shape.table import Tables
from holdfast.gate.shape.template import HOLE, LENGTH, unmarked
from holdfast.gate.shape.upload import FORM
from holdfast.gate.shape.variants import MAX_VARIANTS, Placed, Sources, variants

__all__ = ["catalogue"]

_AGENT = "holdfast-gate"

_UPLOADED = 32 << 20
"""Bytes of all variants of a spec with an upload: fewer variants of a large file."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What arrives: `steps`, at `pauses` from one another (the first is 0). `at` is its key in the budget."""

    at: str
    steps: Sequence[ReadSpec]
    pauses: Sequence[float]
    keys: Sequence[str]
    weight: float
    in_order: bool


def catalogue(
    specs: Sequence[Spec],
    scenarios: Sequence[ScenarioSpec] = (),
    *,
    authority: str,
    seed: int,
    base: Path | None = None,
    place: Place = str,
    environ: Mapping[str, str] | None = None,
) -> Catalogue:
    """Serialise `specs` and `scenarios` for the host `authority` ("127.0.0.1:8000").

    `base` is the folder that JSON and CSV files are relative to (default: the current one); `place` maps
    "traffic.request[0].send" to where that is written, for errors; `environ` is what {env:NAME} means.
    Raises UsageError with that place.
    """
    if not specs and not scenarios:
        raise UsageError("no request to send: name at least one", place=place("traffic.request"))
    sources = Sources(Tables(base or Path()), environ or {})
    payloads: list[Payload] = []
    shares: list[float] = []
    in_order: list[tuple[int, int]] = []
    starts: list[int] = []
    # One stream a spec: a change to one leaves the variants of the others as they were.
    streams = np.random.SeedSequence(seed).spawn(len(specs) + len(scenarios))
    for entry, stream in zip(_entries(specs, scenarios, base or Path(), place), streams, strict=True):
        columns = _columns(entry, authority, sources, np.random.default_rng(stream), place)
        count, first = len(columns[0]), len(payloads)
        starts.append(first)
        payloads += _chained(columns, first, entry.pauses)
        shares += [entry.weight / count] * count + [0.0] * (count * (len(columns) - 1))
        if entry.in_order:
            in_order.append((first, first + count))
    total = math.fsum(shares)
    if total <= 0:
        raise UsageError("every request has weight 0: nothing would be sent", place=place("traffic.request"))
    return Catalogue(
        tuple(payloads), np.array(shares, dtype=np.float64) / total, tuple(in_order), tuple(starts)
    )


def _entries(
    specs: Sequence[Spec], scenarios: Sequence[ScenarioSpec], base: Path, place: Place
) -> Iterator[_Entry]:
    for number, spec in enumerate(specs):
        key = f"traffic.request[{number}]"
        one = read(spec, key, base=base, place=place)
        weight = read_weight(spec.weight, place(f"{key}.weight"))
        yield _Entry(key, [one], [0.0], [key], weight, spec.rows == "in order")
    for number, scenario in enumerate(scenarios):
        key = f"traffic.scenario[{number}]"
        steps, keys, taken = [], [], dict[str, None]()
        for position, step in enumerate(scenario.steps):
            keys.append(f"{key}.steps[{position}]")
            steps.append(read(step, keys[-1], base=base, place=place, taken=taken, take=step.take))
            taken |= dict.fromkeys(step.take)
        pauses = [scenario.think if step.think is None else step.think for step in scenario.steps]
        weight = read_weight(scenario.weight, place(f"{key}.weight"))
        yield _Entry(key, steps, pauses, keys, weight, scenario.rows == "in order")


def _columns(
    entry: _Entry, authority: str, sources: Sources, rng: np.random.Generator, place: Place
) -> list[list[Payload]]:
    """Return for each step its variants; variant k of all steps has the same rows."""
    every = [_placed(step, key, place) for step, key in zip(entry.steps, entry.keys, strict=True)]
    together = [each for one in every for each in one]
    columns: list[list[Payload]] = [[] for _ in entry.steps]
    size = sum(len(step.form) for step in entry.steps)
    most = max(1, min(MAX_VARIANTS, _UPLOADED // size)) if size else MAX_VARIANTS
    for values in variants(together, sources, rng, in_order=entry.in_order, most=most):
        given = iter(values)
        for step, key, column in zip(entry.steps, entry.keys, columns, strict=True):
            data = _serialise(step, authority, given, place(f"{key}.headers"))
            column.append(Payload(step.name, data, step.check, reads=step.reads))
    return columns


def _placed(spec: ReadSpec, key: str, place: Place) -> list[Placed]:
    """Return the placeholders of a spec in the order in which `_serialise` fills them."""
    found = [(each, place(f"{key}.send")) for each in find(spec.target)]
    found += [(each, place(f"{key}.headers")) for value in spec.headers.values() for each in find(value)]
    return found + [(each, place(f"{key}.json")) for each in find_all(spec.body)]


def _chained(columns: list[list[Payload]], first: int, pauses: Sequence[float]) -> Iterator[Payload]:
    """Yield the payloads, those of the first step first, each knowing what follows it."""
    count = len(columns[0])
    for step, column in enumerate(columns):
        for variant, payload in enumerate(column):
            if step + 1 == len(columns):
                yield payload
                continue
            follower = first + (step + 1) * count + variant
            yield replace(payload, then=follower, pause_ns=round(pauses[step + 1] * 1e9))


def _serialise(spec: ReadSpec, authority: str, given: Iterator[JsonValue], place: str) -> bytes:
    lines = [f"{spec.method} {fill_text(spec.target, given, _escaped)} HTTP/1.1"]
    headers = {name: fill_text(value, given) for name, value in spec.headers.items()}
    for name, value in headers.items():
        if not unmarked(value).isprintable():
            raise UsageError(f"what is filled into the header {name!r} is not printable", place=place)
    own = {"Host": authority, "User-Agent": _AGENT, "Accept": "*/*"}
    body = spec.form
    if spec.body is not None:
        body = _json(fill(spec.body, given))
    if body:
        own["Content-Type"] = FORM if spec.form else "application/json"
    if body or spec.method in {"POST", "PUT", "PATCH"}:
        own["Content-Length"] = LENGTH if spec.body is not None and HOLE in body else str(len(body))
    names = {name.lower() for name in headers}
    lines += [f"{name}: {value}" for name, value in own.items() if name.lower() not in names]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _escaped(text: str) -> str:
    return quote(text, safe="")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
