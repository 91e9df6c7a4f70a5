"""The budget: every number that a service needs to survive, written once, with where it was decided.

`load` reads it; `derived` follows from it what nobody has to decide; `Loaded.provenance` says where a number
comes from.
"""

from __future__ import annotations

from holdfast.budget.derive import Derived, Finding, derived
from holdfast.budget.loaded import Loaded
from holdfast.budget.loading import load
from holdfast.budget.model import Budget

__all__ = ["Budget", "Derived", "Finding", "Loaded", "derived", "load"]
