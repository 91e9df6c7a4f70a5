"""How far a policy may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, Self

__all__ = ["Mode", "Modes", "ModesSection"]


class Mode(Enum):
    """Off: absent. Observe: let everything pass and report what it would have done. Enforce: do it."""

    OFF = "off"
    OBSERVE = "observe"
    ENFORCE = "enforce"


class ModesSection(Protocol):
    """A section of the budget whose policy may go further on some routes than on others."""

    @property
    def mode(self) -> str:
        """How far it goes."""

    @property
    def route_mode(self) -> Mapping[str, str]:
        """How far on single routes ("POST /orders")."""


@dataclass(frozen=True, slots=True)
class Modes:
    """Of a policy: how far it goes, and how far on single routes."""

    default: Mode = Mode.ENFORCE
    by_route: Mapping[str, Mode] = field(default_factory=dict)

    @classmethod
    def of(cls, section: ModesSection) -> Self:
        """Return what a section of the budget says."""
        named = {route: Mode(mode) for route, mode in section.route_mode.items()}
        return cls(Mode(section.mode), named)

    @property
    def most(self) -> Mode:
        """The furthest that it goes anywhere."""
        everywhere = {self.default, *self.by_route.values()}
        return next(mode for mode in (Mode.ENFORCE, Mode.OBSERVE, Mode.OFF) if mode in everywhere)

    @property
    def uniform(self) -> bool:
        """Whether it goes equally far everywhere."""
        return all(mode is self.default for mode in self.by_route.values())
