"""At which scale the gate measures: one instance of those that carry the service's peak."""

from __future__ import annotations

from holdfast.budget import Budget
from holdfast.gate.result import Scale

__all__ = ["scale"]


def scale(budget: Budget, *, workers: int, cores: float, shared: bool = False) -> Scale:
    """Return the scale of a run with one replica; the budget must have a peak.

    The peak is carried by the replicas at their maximum, as all derived numbers have it: peak / replicas.max.
    `shared`: whether the driver runs on the service's only core.
    """
    peak = budget.traffic.peak
    if peak is None:
        raise ValueError("no peak to scale")
    driven = peak / budget.service.replicas.max
    word = "worker" if workers == 1 else "workers"
    beside = ", shared with the driver" if shared else ""
    statement = (
        f"one replica with {workers} {word} on {cores:g} of this machine's cores{beside}, "
        f"at {driven:g} requests/s: {driven / peak:.0%} of the peak of {peak:g}/s"
    )
    return Scale(
        workers=workers,
        replicas=1,
        cores=cores,
        peak=peak,
        driven=driven,
        share=driven / peak,
        statement=statement,
    )
