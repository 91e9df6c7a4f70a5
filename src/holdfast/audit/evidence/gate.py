"""Stalls and answered requests of a run that `holdfast gate` wrote."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from holdfast.audit.evidence.observed import Evidence, Frame, Load, Source, Spell, Stall
from holdfast.gate.report.document import load
from holdfast.gate.result import GateResult
from holdfast.gate.result import Stall as Measured

__all__ = ["read"]


def read(path: Path) -> Evidence:
    """Return what the result at `path` says. Raises `UsageError` with the file and the field."""
    result = load(path)
    steady = _steady(path, result)
    stalls = []
    for one in result.stalls:
        if one.file:
            place = Frame(one.file, one.line, one.function)
            figures = (one.count, one.total, one.longest, one.victims, one.route, one.sink)
            spell = _spell(one, steady) if steady is not None else None
            stalls.append(Stall(str(path), place, (place,), *figures, spell=spell))
    requests: Counter[str] = Counter()
    for phase in result.phases:
        for route, latency in phase.routes.items():
            requests[route] += latency.count
    says = f"{sum(stall.count for stall in stalls)} stalls, {requests.total()} good answers by route"
    loads = (steady,) if steady is not None else ()
    source = Source(str(path), "gate result", says)
    return Evidence((source,), tuple(stalls), requests=dict(requests), loads=loads)


def _steady(path: Path, result: GateResult) -> Load | None:
    """Return the phase that p99 is judged in; None where its sample supports no p99."""
    for phase in result.phases:
        if phase.kind == "steady" and "p99" in phase.latency.percentiles:
            answers = {route: latency.count for route, latency in phase.routes.items()}
            percentiles = {_share(label): seconds for label, seconds in phase.latency.percentiles.items()}
            lasted = phase.end - phase.start
            return Load(str(path), phase.name, lasted, result.scale.workers, answers, percentiles)
    return None


def _share(percentile: str) -> float:
    """Return 0.99 of "p99"."""
    return round(float(percentile.removeprefix("p")) / 100, 6)


def _spell(stall: Measured, load: Load) -> Spell | None:
    """Return what of a stall is of the load; None where the result does not tell phases apart."""
    if not stall.phases:
        return None
    found = stall.phases.get(load.phase)
    return Spell(found.total, found.victims) if found is not None else Spell(0.0, 0)
