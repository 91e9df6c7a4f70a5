"""Connection pools: as many as the requests hold, within what the server accepts.

By Little's law a request rate holds `rate x held` connections on average. Arrivals are random, so that the
pool needs a margin above the average; square-root staffing (Halfin and Whitt, 1981) makes it `a + 2 sqrt(a)`,
with which hardly any request waits. All pools together, of every worker of every replica at its maximum and
of those that a deployment adds, stay within the server's max_connections.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding
from holdfast.budget.model import Dependency
from holdfast.budget.units import format_duration, format_ratio

__all__ = ["derive", "findings"]

MARGIN = 2.0
"""Times the square root of the mean: the safety of square-root staffing."""

RESERVED = 3
"""Connections that PostgreSQL keeps for its superuser (superuser_reserved_connections)."""


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield dependency.NAME.pool of one worker, for each dependency with a time that it is held."""
    for name, dependency in ground.budget.dependency.items():
        if dependency.held is None or ground.most is None:
            continue
        share = ground.share(name)
        mean, wanted = _wanted(ground, name, dependency.held)
        room = _room(ground, dependency)
        size = wanted if room is None else max(1, min(wanted, room))
        rate = f"{ground.most:g}/s" + (f" x {format_ratio(round(share, 4))}" if share < 1 else "")
        formula = (
            f"Little's law: a = rate x held / workers = {rate} x {format_duration(dependency.held)} / "
            f"{ground.everywhere} = {mean:.3g}; a + {MARGIN:g} sqrt(a), rounded up = {wanted}"
        )
        inputs = ground.most_inputs() | {f"dependency.{name}.held": format_duration(dependency.held)}
        inputs |= ground.spread_inputs()
        if room is not None:
            formula += f", at most {_usable(dependency)} connections / {ground.deploying} workers = {room}"
            inputs[f"dependency.{name}.max_connections"] = str(dependency.max_connections)
            inputs["service.replicas.surge"] = str(ground.budget.service.replicas.surge)
        yield Derived(f"dependency.{name}.pool", size, "connections a worker", formula, inputs)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield the servers that accept fewer connections than the peak needs."""
    for name, dependency in ground.budget.dependency.items():
        room = _room(ground, dependency)
        if room is None:
            continue
        path = f"dependency.{name}.max_connections"
        workers = f"{ground.deploying} workers (replicas at their maximum, and the surge)"
        if room < 1:
            yield ground.finding(path, f"{_usable(dependency)} connections do not reach for {workers}")
        elif dependency.held is not None and ground.most is not None:
            _, wanted = _wanted(ground, name, dependency.held)
            if wanted > room:
                yield ground.finding(
                    path,
                    f"at the peak a worker needs {wanted} connections; {_usable(dependency)} over {workers} "
                    f"leave it {room}",
                )


def _wanted(ground: Ground, name: str, held: float) -> tuple[float, int]:
    mean = (ground.most or 0.0) * ground.share(name) * held / ground.everywhere
    return mean, math.ceil(round(mean + MARGIN * math.sqrt(mean), 9))


def _usable(dependency: Dependency) -> int:
    reserved = RESERVED if dependency.kind == "postgres" else 0
    return max(0, (dependency.max_connections or 0) - reserved)


def _room(ground: Ground, dependency: Dependency) -> int | None:
    return None if dependency.max_connections is None else _usable(dependency) // ground.deploying
