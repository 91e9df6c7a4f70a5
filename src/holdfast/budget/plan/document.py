"""The plan as one versioned document that text and JSON render and add nothing to."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.budget.derive import Derived, Finding, derived, findings
from holdfast.budget.derive.cores import Cores
from holdfast.budget.document import shown
from holdfast.budget.loaded import Loaded
from holdfast.budget.loosen import loosened
from holdfast.budget.metadata import Decision
from holdfast.budget.numbers import Number, numbers
from holdfast.budget.source.check import source_findings
from holdfast.budget.source.provenance import Provenance, of

__all__ = ["SCHEMA", "VERSION", "Missing", "Plan", "Planned", "plan"]

SCHEMA = "holdfast.plan"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """A number: `value` in the base unit (seconds, a second, ratio, bytes), `text` as people write it.

    `unit`: "duration", "ratio", "rate", "bytes", "count", "factor" or "text". `place`: where it is written,
    "" where it is a default.
    """

    path: str
    value: Any
    text: str
    unit: str
    place: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Missing:
    """What has to be decided: the question, whose it is, and what others start with.

    `reason`: what is missing, the number or its source; `written`: only the source is.
    `place`: where it is written, or belongs.
    """

    path: str
    question: str
    decides: str
    reason: str
    written: bool
    options: Sequence[str]
    place: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a budget."""

    service: str
    budget: str
    environment: str
    environments: Sequence[str]
    numbers: Sequence[Planned]
    derived: Sequence[Derived]
    findings: Sequence[Finding]
    missing: Sequence[Missing]
    exit_code: int
    schema: str = SCHEMA
    version: int = VERSION

    def document(self) -> Mapping[str, Any]:
        """Return the plan as JSON-ready data."""
        return {"schema": self.schema, "version": self.version} | dataclasses.asdict(self)


def plan(
    loaded: Loaded, *, today: datetime.date | None = None, cores: Cores | None = None
) -> tuple[Plan, Sequence[Number]]:
    """Return the plan of a budget, and its missing numbers for those who write decision records.

    `today` (UTC, by default now) decides which deferrals have expired; `cores`: instead of this machine's.
    The exit code is 1 where there are findings, else 3 where a number is missing, else 0: something wrong
    comes before something open.
    """
    known = [(number, of(loaded, number, today=today)) for number in numbers(loaded)]
    open_ = [(number, where) for number, where in known if where.kind == "missing"]
    found = [*loosened(loaded), *findings(loaded, cores=cores), *source_findings(loaded, today=today)]
    result = Plan(
        service=loaded.budget.service.name or "",
        budget=shown(loaded.path) if loaded.path else "",
        environment=loaded.environment or "",
        environments=list(loaded.overlays),
        numbers=[_planned(loaded, number, where) for number, where in known],
        derived=[number for number in derived(loaded, cores=cores).values() if not number.written],
        findings=found,
        missing=[_missing(loaded, number, where.detail) for number, where in open_],
        exit_code=1 if found else 3 if open_ else 0,
    )
    return result, [number for number, _ in open_]


def _planned(loaded: Loaded, number: Number, where: Provenance) -> Planned:
    value = number.value if isinstance(number.value, (int, float, str)) else number.text
    place = loaded.place_of(number.key) if number.given else ""
    return Planned(number.path, value if number.text else None, number.text, number.unit, place, where)


def _missing(loaded: Loaded, number: Number, reason: str) -> Missing:
    known = number.explained
    if isinstance(known, Decision):
        question, decides = known.question, known.decides
        options = [f"{option.text} ({option.source.title})" for option in known.options]
    else:
        question, decides, options = known.about, "engineering", ["leave it out: it has a default"]
    return Missing(
        number.path, question, decides, reason, number.value is not None, options, loaded.place_of(number.key)
    )
