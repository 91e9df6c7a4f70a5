"""A recording as a load: its requests at their own times.

What a record does not hold, a body or credentials, comes from the budget's request of the same route.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import numpy as np

from holdfast.errors import UsageError
from holdfast.gate.shape.placeholder import find_all
from holdfast.gate.shape.spec import RequestSpec, Spec, route
from holdfast.gate.traffic.recorded import Recorded
from holdfast.gate.traffic.routes import route_of

__all__ = ["Replay", "replay_of"]

_NOWHERE = frozenset({404, 405})
"""Scans and dead links: they say nothing of the service."""

_SAFE = "".join(chr(code) for code in range(33, 127) if chr(code) not in '{}#"<>')


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """`at`: float64[N], seconds from the first request, ascending; `which`: int32[N], positions in `specs`,
    whose routes are `names`. `notes`: lines on what was left out, and why.
    """

    specs: tuple[RequestSpec, ...]
    names: tuple[str, ...]
    at: np.ndarray[tuple[int], np.dtype[np.float64]]
    which: np.ndarray[tuple[int], np.dtype[np.int32]]
    notes: tuple[str, ...]


def replay_of(
    recorded: Iterable[Recorded], known: Sequence[Spec], *, speed: float, seed: int, place: str
) -> Replay:
    """Return what was recorded, `speed` times as fast; `known` are the requests of the budget.

    Raises UsageError with `place` where nothing is left that can be sent, or the record has no times.
    """
    by_route = {route(spec.send): spec for spec in known}
    numbers: dict[tuple[str, str, str], int] = {}
    specs: list[RequestSpec] = []
    names: list[str] = []
    at: list[float] = []
    which: list[int] = []
    left: Counter[str] = Counter()
    for one in recorded:
        name = route_of(one.method, one.target)
        spec = _spec(one, by_route.get(name))
        if one.at is None or isinstance(spec, str):
            left["no time" if isinstance(spec, RequestSpec) else f"{name}: {spec}"] += 1
            continue
        key = (spec.send, repr(spec.body), repr(spec.headers))
        if key not in numbers:
            numbers[key] = len(specs)
            specs.append(spec)
            names.append(name)
        at.append(one.at)
        which.append(numbers[key])
    if not at:
        why = "; ".join(f"{count} x {what}" for what, count in left.most_common(3))
        raise UsageError(f"nothing that can be replayed: {why}", place=place)
    times = _spread(np.array(at), np.random.default_rng(seed)) / speed
    order = np.argsort(times, kind="stable")
    return Replay(
        tuple(specs),
        tuple(names),
        times[order] - times[order[0]],
        np.array(which, dtype=np.int32)[order],
        tuple(f"left out: {count} x {what}" for what, count in left.most_common()),
    )


def _spec(one: Recorded, known: Spec | None) -> RequestSpec | str:
    """Return what to send, or why it cannot be."""
    if one.status in _NOWHERE:
        return "led nowhere when it was recorded"
    body: Any = one.body
    if one.wants_body and known is None:
        return "the record does not hold its body, and traffic.request has no such route"
    if body is not None and find_all(body):
        return "its body has what would be taken for a placeholder"
    send = f"{one.method} {quote(one.target, safe=_SAFE)}"
    if known is None:
        return RequestSpec(send, body, one.headers)
    headers = {**(known.headers or {}), **one.headers}
    if one.wants_body:
        return RequestSpec(send, known.body, headers, expect=known.expect, upload=known.upload)
    return RequestSpec(send, body, headers, expect=known.expect, reads=known.reads)


def _spread(
    at: np.ndarray[tuple[int], np.dtype[np.float64]], rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return times of a log that has whole seconds only as somewhere within them."""
    whole = all(math.floor(each) == each for each in at.tolist())
    return at + rng.random(len(at)) if whole and len(at) > 1 else at
