"""Whether a verdict by this budget would be worth anything."""

from __future__ import annotations

from holdfast.budget import Loaded
from holdfast.budget.loosen import loosened
from holdfast.budget.source.check import source_findings
from holdfast.errors import BudgetError, MissingNumber

__all__ = ["require_admissible"]


def require_admissible(loaded: Loaded) -> None:
    """Refuse a budget that the gate must not judge by.

    Raises BudgetError when an environment variable loosens an objective or a source does not hold, and
    MissingNumber when there is no peak to drive.
    """
    found = [*loosened(loaded), *source_findings(loaded)]
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more: holdfast plan)" if len(found) > 1 else ""
        raise BudgetError(f"{first.path}: {first.message}{more}", place=first.place)
    if loaded.budget.traffic.peak is None:
        raise MissingNumber(("traffic.peak",))
    if not loaded.budget.traffic.request and not loaded.budget.traffic.scenario:
        raise BudgetError("traffic.request: no requests to send", place=loaded.place("traffic"))
