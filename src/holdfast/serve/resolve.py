"""From the budget and the command's words to `Options`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from holdfast.budget import Budget, Loaded, load
from holdfast.budget.derive import Derived, derived
from holdfast.budget.derive.cores import granted
from holdfast.budget.derive.ground import Ground
from holdfast.budget.derive.ladder import LAST_RESORT, leaving
from holdfast.budget.document import find
from holdfast.budget.model.trust import UNIX
from holdfast.errors import BudgetError, UsageError
from holdfast.serve.launch import installed
from holdfast.serve.options import GRACE, checked_app

__all__ = ["app_of", "budget_of", "numbers_of", "server_of", "trusted_of"]


def budget_of(path: Path | None, environment: str | None) -> Loaded:
    """Return the budget that the service runs by; an empty one where there is none: everything observes.

    Raises `BudgetError` for one that is named and not there, or cannot be read.
    """
    nowhere = path is None and not os.environ.get("HOLDFAST_BUDGET") and find(Path.cwd()) is None
    if nowhere:
        if environment is not None:
            raise UsageError(f"there is no budget to have an environment {environment!r}", place="--env")
        return Loaded(Budget())
    return load(path, environment=environment)


def app_of(app: str | None, loaded: Loaded) -> str:
    """Return the app to run; raises `UsageError` when neither the command nor the budget names one."""
    found = app or loaded.budget.service.app
    if found is None:
        raise UsageError(
            "no app is named: holdfast serve MODULE:ATTRIBUTE, or service.app in the budget", place="APP"
        )
    return checked_app(found, "APP" if app else loaded.place("service.app"))


def numbers_of(workers: int | None, loaded: Loaded) -> tuple[int, float, float]:
    """Return how many workers, seconds of announcement, and seconds of grace after it.

    Workers: the command's, the budget's, or one for each core granted. The budget's grace runs from the
    signal, announcement included; where neither it nor the deadline is known, it is what the platform
    grants, or as long as servers wait by themselves. Raises `BudgetError` where the steps of a drain do not
    fit into one another: the first SIGTERM would lose requests.
    """
    found = derived(loaded)
    if workers is not None and workers < 1:
        raise UsageError(f"expected at least 1, not {workers}", place="--workers")
    count = workers or int(_value(found, "service.workers", 1))
    for finding in leaving(Ground(loaded, count, granted())):
        raise BudgetError(f"{finding.path}: {finding.message}", place=finding.place)
    drain = loaded.budget.drain
    announce = drain.announce or 0.0
    usual = announce + GRACE
    if drain.termination is not None:
        usual = min(usual, drain.termination - LAST_RESORT)
    grace = drain.grace or _value(found, "drain.grace", usual)
    return count, announce, grace - announce


def server_of(server: str | None, loaded: Loaded) -> str:
    """Return what serves, the command's word before the budget's; raises `UsageError` if it is not here."""
    place = "--server" if server is not None else loaded.place("service.server")
    return installed(server or loaded.budget.service.server, place)


def trusted_of(loaded: Loaded) -> tuple[str, ...]:
    """Return the proxies whose X-Forwarded-For the server believes.

    None where they write another header: what comes in the one that they do not write is the client's own.
    """
    trust = loaded.budget.trust
    return tuple(p for p in trust.proxies if p != UNIX) if trust.header == "x-forwarded-for" else ()


def _value(found: Mapping[str, Derived], path: str, default: float) -> float:
    number = found.get(path)
    return default if number is None else number.value
