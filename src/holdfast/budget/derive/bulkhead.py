"""Bulkheads: the service's number, divided by the workers that keep it."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.result import Derived, Finding

__all__ = ["derive", "findings"]


def derive(ground: Ground) -> Iterator[Derived]:
    """Yield dependency.NAME.bulkhead of one worker."""
    for name, dependency in ground.budget.dependency.items():
        if dependency.bulkhead is None:
            continue
        path, calls = f"dependency.{name}.bulkhead", max(1, dependency.bulkhead // ground.everywhere)
        formula = f"{dependency.bulkhead} / {ground.everywhere} workers, at least 1 = {calls}"
        inputs = {path: str(dependency.bulkhead)} | ground.spread_inputs()
        yield Derived(path, calls, "calls a worker", formula, inputs, ground.everywhere == 1)


def findings(ground: Ground) -> Iterator[Finding]:
    """Yield the bulkheads that cannot be divided."""
    for name, dependency in ground.budget.dependency.items():
        if dependency.bulkhead is not None and dependency.bulkhead < ground.everywhere:
            yield ground.finding(
                f"dependency.{name}.bulkhead",
                f"{dependency.bulkhead} calls over {ground.everywhere} workers: each needs at least one, "
                f"so that there may be {ground.everywhere} in flight",
            )
