"""A budget that was loaded, with the place of each of its numbers."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.budget.document import shown
from holdfast.budget.model import Budget
from holdfast.budget.path import KeyPath, parts

if TYPE_CHECKING:
    from holdfast.budget.source.provenance import Provenance

__all__ = ["Loaded"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A budget and where it comes from.

    `path`: its file, None where there is none (`Loaded(Budget())`: nothing decided). `environment`: the name
    of the overlay that is laid over it, None without. `written`: the same without the overrides of
    environment variables. `lines`: the line of each key; `variables`: the environment variable of each
    overridden key; `overlaid`: the keys that the overlay gives; `data`: the merged document as written;
    `overlays`: all overlays by name, as written.
    """

    budget: Budget
    path: Path | None = None
    environment: str | None = None
    written: Budget = field(default_factory=Budget)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    variables: Mapping[KeyPath, str] = field(default_factory=dict)
    overlaid: frozenset[KeyPath] = frozenset()
    data: Mapping[str, Any] = field(default_factory=dict)
    overlays: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The file as a user would write it: relative where that is shorter; "" where there is none."""
        return shown(self.path) if self.path is not None else ""

    @property
    def folder(self) -> Path:
        """The folder that paths in the budget start from."""
        return self.path.parent if self.path is not None else Path.cwd()

    def place(self, dotted: str) -> str:
        """Return "holdfast.toml:14" for a dotted path, or the environment variable that overrides it.

        Of a path that is not written it is the nearest table that is; "" where there is none.
        """
        return self.place_of(parts(dotted))

    def place_of(self, path: KeyPath) -> str:
        """Return the place of a path, see `place`."""
        for length in range(len(path), 0, -1):
            if variable := self.variables.get(path[:length]):
                return variable
            if line := self.lines.get(path[:length]):
                return f"{shown(self.path)}:{line}" if self.path is not None else ""
            if below := next((v for key, v in self.variables.items() if key[:length] == path[:length]), ""):
                return below  # a table that only variables give
        return ""

    def given(self, path: KeyPath) -> bool:
        """Whether the file or the environment gives this key itself."""
        return path in self.variables or path in self.lines

    def provenance(self, dotted: str, *, today: datetime.date | None = None) -> Provenance:
        """Return where a number was decided; reads the documents that [source] names.

        `today` (UTC, by default now) decides which deferrals have expired.
        """
        from holdfast.budget.source.provenance import provenance

        return provenance(self, dotted, today=today)
