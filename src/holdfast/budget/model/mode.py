"""How far a policy goes, as every section that has one says it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from holdfast.budget.model.route import Route

__all__ = ["ModeName", "RouteModes"]

ModeName: TypeAlias = Literal["enforce", "observe", "off"]
"""`enforce`: it acts. `observe`: it lets all pass and counts what it would have done. `off`: nothing."""

RouteModes: TypeAlias = dict[Route, ModeName]
"""The same for single routes, in place of the section's own."""
