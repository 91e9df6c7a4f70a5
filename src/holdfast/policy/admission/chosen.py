"""What the budget says of admission, for one worker."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from holdfast.budget.derive import Derived
from holdfast.budget.derive.door import LEAST
from holdfast.budget.model import Budget
from holdfast.budget.model.door import ALGORITHMS
from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.limit import Adaptive, Aimd, Bounds, Fixed, Gradient, Limit, Vegas
from holdfast.policy.admission.priority import EXEMPT, NORMAL, Class, priority
from holdfast.policy.mode import Mode, Modes

__all__ = ["chosen", "named"]


def chosen(budget: Budget, found: Mapping[str, Derived]) -> tuple[AdmissionConfig, Limit]:
    """Return the configuration and the number; `found` are the derived numbers of this worker.

    Where not even a start is known, as without any budget, everybody is counted and nobody refused. The gate
    goes as far as on any route; those on which it does not are told by their priority.
    """
    admission, limit = budget.admission, found.get("admission.limit")
    modes = Modes.of(admission)
    if limit is None or modes.most is Mode.OFF:
        return AdmissionConfig(None, mode=Mode.OFF if modes.most is Mode.OFF else Mode.OBSERVE), Fixed(
            sys.maxsize
        )
    start, wait = int(limit.value), admission.wait
    queue, late = found.get("admission.queue"), found.get("admission.late")
    important = admission.classes.critical or admission.class_header
    config = AdmissionConfig(
        start,
        # Where p99 is not decided nothing says how many are served within the wait: as many as may be inside.
        (int(queue.value) if queue is not None else start) if wait > 0 else 0,
        wait,
        mode=modes.most,
        target=admission.target,
        late=late.value if late is not None else None,
        highest=(priority(Class.CRITICAL) if important else NORMAL) + (0 if modes.uniform else EXEMPT),
        follows=admission.queue is None and wait > 0,
    )
    if isinstance(admission.limit, int):
        return config, Fixed(start)
    return config, named(admission.limit or ALGORITHMS[0], start, budget.objective.p99)


def named(name: str, start: int, objective: float | None) -> Limit:
    """Return the limit of that name. Without an objective `aimd` has nothing to go by, and is adaptive."""
    least = min(LEAST, start)
    bounds = Bounds(start=start, least=least, most=max(Bounds().most, start))
    if name == "gradient":
        return Gradient(bounds)
    if name == "vegas":
        return Vegas(bounds)
    if name == "aimd" and objective is not None:
        return Aimd(objective, bounds)
    return Adaptive(objective, bounds)
