"""The budget: every number that a service needs to survive, written once, with where it was decided.

`load` reads it, `Loaded.provenance` says where a number was decided, and `holdfast.budget.derive` has what
follows from the numbers.
"""

from __future__ import annotations

from holdfast.budget.loaded import Loaded
from holdfast.budget.loading import load
from holdfast.budget.model import Budget

__all__ = ["Budget", "Loaded", "load"]
