"""A FastAPI service that holds its SLO under load and failure - and the proof.

from holdfast import Holdfast

hold = Holdfast(app)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast import errors
from holdfast.policy.deadline import remaining
from holdfast.service import Holdfast, request_id
from holdfast.version import __version__

if TYPE_CHECKING:
    from holdfast.budget import Budget

__all__ = ["Budget", "Holdfast", "__version__", "errors", "remaining", "request_id"]


def __getattr__(name: str) -> Any:
    """Import the budget's models when they are asked for: they are a third of all that holdfast imports."""
    if name == "Budget":
        from holdfast.budget import Budget

        return Budget
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
