"""A recording as the mix of a budget: the routes with their weights, and the busiest minute.

Requests that differ in numbers only are one route: `/products/17` and `/products/499` become
`/products/{17..499}`. Of what differs otherwise the variants that came most often are kept.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.gate.shape.spec import RequestSpec
from holdfast.gate.traffic.recorded import Recorded
from holdfast.gate.traffic.routes import IDENTIFIER, NUMBER

__all__ = ["Mix", "mix_of"]

_SECRET = re.compile(
    r"(?i)([?&])([^=&]*(?:token|key|secret|passw|signature|credential|session|code)[^=&]*)=[^&]*"
)
_MINUTE = 60.0
_COVERED = 0.99
"""Share of the requests that the kept routes make up: the rest is single visits and scans."""

_MOST_VARIANTS = 20
"""Of one route whose requests differ in more than numbers."""


@dataclass(frozen=True, slots=True)
class Mix:
    """`requests` with weights that are counts, the most frequent first. `peak`: requests a second in the
    busiest minute, None where the record has no times or is shorter. `dropped`: requests of routes too rare
    to keep; `bodiless`: requests by route whose bodies the record does not hold.
    """

    requests: tuple[RequestSpec, ...]
    peak: float | None
    total: int
    dropped: int
    bodiless: tuple[tuple[str, int], ...]


def mix_of(recorded: Iterable[Recorded]) -> Mix:
    """Return the mix of what was recorded; what was redirected or led nowhere is no traffic."""
    grouped: dict[tuple[str, str, str], list[Recorded]] = defaultdict(list)
    bodiless: Counter[str] = Counter()
    times: list[float] = []
    total = 0
    for one in recorded:
        total += 1
        if one.at is not None:
            times.append(one.at)
        if one.status in {404, 405, 301, 308}:
            continue
        target = _SECRET.sub(r"\1\2=", one.target)
        shape = NUMBER.sub("{n}", target)
        if one.wants_body:
            bodiless[f"{one.method} {IDENTIFIER.sub('{id}', shape).partition('?')[0]}"] += 1
        else:
            grouped[one.method, shape, repr(one.body)].append(one)
    specs = _limited(sorted((_spec(group) for group in grouped.values()), key=lambda spec: -spec.weight))
    kept = _covering(specs)
    dropped = int(sum(len(group) for group in grouped.values()) - sum(spec.weight for spec in kept))
    return Mix(tuple(kept), _busiest(times), total, dropped, tuple(bodiless.most_common()))


def _spec(group: list[Recorded]) -> RequestSpec:
    """Return one spec for requests that differ in numbers only."""
    first = group[0]
    targets = [_SECRET.sub(r"\1\2=", one.target) for one in group]
    columns = zip(*([int(number) for number in NUMBER.findall(target)] for target in targets), strict=True)
    bounds = iter([(min(column), max(column)) for column in columns])

    def ranged(match: re.Match[str]) -> str:
        low, high = next(bounds)
        return match[0] if low == high else f"{{{low}..{high}}}"

    target = NUMBER.sub(ranged, targets[0])
    return RequestSpec(f"{first.method} {target}", first.body, first.headers or None, float(len(group)))


def _limited(specs: list[RequestSpec]) -> list[RequestSpec]:
    """Keep the variants of one route that came most often."""
    seen: Counter[str] = Counter()
    kept = []
    for spec in specs:
        method, _, target = spec.send.partition(" ")
        path = IDENTIFIER.sub("{id}", target.partition("?")[0])
        seen[f"{method} {path}"] += 1
        if seen[f"{method} {path}"] <= _MOST_VARIANTS:
            kept.append(spec)
    return kept


def _covering(specs: list[RequestSpec]) -> list[RequestSpec]:
    """Return the most frequent ones that make up _COVERED of all."""
    wanted = _COVERED * sum(spec.weight for spec in specs)
    kept: list[RequestSpec] = []
    covered = 0.0
    for spec in specs:
        if covered >= wanted:
            break
        kept.append(spec)
        covered += spec.weight
    return kept


def _busiest(times: list[float]) -> float | None:
    """Return the rate of the busiest minute, whole minutes of the clock."""
    if not times or max(times) - min(times) < _MINUTE:
        return None
    minutes = Counter(int(at // _MINUTE) for at in times)
    return max(minutes.values()) / _MINUTE
