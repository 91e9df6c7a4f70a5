"""In which phase the loop stood still where: from sums that the service gives from its start on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from holdfast.gate.result import StalledIn

__all__ = ["StallsByPhase"]

Place = tuple[str, int, str, str]
_NOTHING = StalledIn(0, 0.0, 0)


class StallsByPhase:
    """Takes the rows of the service's state from time to time; what was added since goes to the phase.

    What came between the last look and the begin of a phase, half a second at most, is counted in that phase.
    """

    def __init__(self) -> None:
        self._phase = ""
        self._known: dict[Place, StalledIn] = {}
        self._found: dict[Place, dict[str, StalledIn]] = {}

    def enter(self, phase: str) -> None:
        """Count what follows in `phase`."""
        self._phase = phase

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take the sums by place as they are now; a service that began anew begins at nothing."""
        for row in rows:
            place = _place(row)
            now = StalledIn(row["count"], row["total"], row["victims"])
            before = self._known.get(place, _NOTHING)
            if now.total < before.total:
                before = _NOTHING
            self._known[place] = now
            if self._phase and now != before:
                found = self._found.setdefault(place, {})
                known = found.get(self._phase, _NOTHING)
                found[self._phase] = StalledIn(
                    known.count + now.count - before.count,
                    known.total + now.total - before.total,
                    known.victims + now.victims - before.victims,
                )

    def of(self, row: Mapping[str, Any]) -> Mapping[str, StalledIn]:
        """Return what came to a place in each phase."""
        return self._found.get(_place(row), {})


def _place(row: Mapping[str, Any]) -> Place:
    return row["file"], row["line"], row["function"], row["route"]
