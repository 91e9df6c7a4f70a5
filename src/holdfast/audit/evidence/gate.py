"""Stalls and answered requests of a run that `holdfast gate` wrote."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from holdfast.audit.evidence.observed import Evidence, Frame, Source, Stall
from holdfast.gate.report.document import load

__all__ = ["read"]


def read(path: Path) -> Evidence:
    """Return what the result at `path` says. Raises `UsageError` with the file and the field."""
    result = load(path)
    stalls = []
    for one in result.stalls:
        if one.file:
            place = Frame(one.file, one.line, one.function)
            figures = (one.count, one.total, one.longest, one.victims, one.route, one.sink)
            stalls.append(Stall(str(path), place, (place,), *figures))
    requests: Counter[str] = Counter()
    for phase in result.phases:
        for route, latency in phase.routes.items():
            requests[route] += latency.count
    says = f"{sum(stall.count for stall in stalls)} stalls, {requests.total()} good answers by route"
    return Evidence((Source(str(path), "gate result", says),), tuple(stalls), requests=dict(requests))
