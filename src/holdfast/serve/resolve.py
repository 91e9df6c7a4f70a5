"""From the budget and the command's words to `Options`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from holdfast.budget import Budget, Loaded, load
from holdfast.budget.derive import Derived, derived
from holdfast.budget.document import find
from holdfast.errors import UsageError
from holdfast.serve.options import GRACE, checked_app

__all__ = ["app_of", "budget_of", "numbers_of"]


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
    signal, announcement included.
    """
    found = derived(loaded)
    if workers is not None and workers < 1:
        raise UsageError(f"expected at least 1, not {workers}", place="--workers")
    drain = loaded.budget.drain
    announce = drain.announce or 0.0
    grace = drain.grace or _value(found, "drain.grace", announce + GRACE)
    return workers or int(_value(found, "service.workers", 1)), announce, grace - announce


def _value(found: Mapping[str, Derived], path: str, default: float) -> float:
    number = found.get(path)
    return default if number is None else number.value
