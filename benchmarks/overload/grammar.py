"""The budgets that the service is held with; what this build cannot read yet is left out and said."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from holdfast.budget import load
from holdfast.errors import BudgetError

__all__ = ["OBJECTIVE", "budget", "supported"]

OBJECTIVE = 0.5
"""Seconds within which an answer is good: `objective.p99` of the budget."""

_HEAD = f"""
[service]
name = "overload"

[objective]
p99 = "{OBJECTIVE * 1000:g}ms"

[deadline]
default = "1s"

[drain]
announce = "0s"
grace = "3s"

[admission]
"""

ADAPTIVE = 'limit = "adaptive"'
CLASSES = 'class = { critical = ["POST /critical"] }'


def budget(*lines: str) -> str:
    """Return a budget whose [admission] holds `lines`; the number of requests at a time is nowhere else."""
    return _HEAD + "".join(f"{line}\n" for line in lines)


def supported(lines: Sequence[str], folder: Path) -> bool:
    """Return whether this build reads a budget with `lines` in its [admission]."""
    path = folder / "supported.toml"
    path.write_text(budget(*lines), encoding="utf-8")
    try:
        load(path)
    except BudgetError:
        return False
    return True
