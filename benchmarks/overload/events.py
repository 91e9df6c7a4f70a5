"""Single events: priorities under load, a load that falls, a dependency that hangs."""

from __future__ import annotations

from benchmarks.overload.contender import Running
from benchmarks.overload.load import Load
from benchmarks.report import Figure

__all__ = ["CRITICAL", "STALL_LOAD", "priority", "recovery", "stall"]

TEN = 10.0

CRITICAL = 0.08
"""Of the offered requests at ten times the capacity: 0.8 of it, which alone fits."""

_HEALTHY = 0.98
"""Of the offered requests at half the capacity."""

STALL_LOAD = 0.8
"""Times the capacity, before, during and after a stall of the dependency."""

_AS_BEFORE = 0.95
"""Of the share that was good before the stall."""


def priority(running: Running, load: Load, capacity: float, *, seconds: float, skip: float) -> Figure:
    """Return the share of critical requests that are good while ten times the capacity is offered."""
    seen = load.open(running.port, [(TEN * capacity, seconds)], critical=CRITICAL)
    return seen.window(skip, seconds - 0.3, critical=True).served


def recovery(running: Running, load: Load, capacity: float, *, over: float, after: float) -> Figure:
    """Return the seconds until all is well again after ten times the capacity for `over` seconds.

    None where it is not within `after` seconds of half the capacity.
    """
    seen = load.open(running.port, [(TEN * capacity, over), (0.5 * capacity, after)])
    return seen.recovered(_HEALTHY, over, over + after)


def stall(
    running: Running, load: Load, capacity: float, *, before: float, hangs: float, after: float
) -> Figure:
    """Return the seconds until all is as before after a dependency has hung; None where it never is."""
    seen = load.open(
        running.port,
        [(STALL_LOAD * capacity, before + hangs + after)],
        changes=[(before, lambda: running.dial.hang(hangs))],
    )
    steady = seen.window(before / 2, before - 0.6).served or 0.0
    ended = before + hangs
    return seen.recovered(_AS_BEFORE * steady, ended, ended + after)
