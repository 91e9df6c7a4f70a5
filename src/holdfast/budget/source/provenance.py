"""Where each number was decided.

| kind        | `detail`                                        |
|-------------|-------------------------------------------------|
| source      | the document and heading                        |
| deferred    | why, who decides, and until when                |
| environment | the variable that overrides the file            |
| derived     | the formula with the numbers put in             |
| mechanism   | the document that the default is taken from     |
| missing     | what is missing: the number itself, or a source |
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

from holdfast.budget.derive import Derived, derived
from holdfast.budget.loaded import Loaded
from holdfast.budget.metadata import Mechanism
from holdfast.budget.model import Deferral
from holdfast.budget.numbers import Number, numbers
from holdfast.budget.path import dotted
from holdfast.budget.source.pattern import best

__all__ = ["Kind", "Provenance", "of", "provenance", "source_name"]

Kind = Literal["source", "deferred", "environment", "derived", "mechanism", "missing"]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a number was decided; `place` is where the budget says so ("" where it says nothing).

    `key`: the key of [source] or [deferred] that covers the number.
    """

    kind: Kind
    detail: str
    place: str = ""
    key: str = ""


def provenance(loaded: Loaded, path: str, *, today: datetime.date | None = None) -> Provenance:
    """Return the provenance of the number at `path`; of a path that is no number, "missing"."""
    number = next((number for number in numbers(loaded) if number.path == path), None)
    if number is not None:
        return of(loaded, number, today=today)
    deferral = _deferral(loaded, path, today or _today())
    if deferral is not None:
        return deferral
    result = derived(loaded).get(path)
    return _derived(result) if result else Provenance("missing", "not a number of this budget")


def of(loaded: Loaded, number: Number, *, today: datetime.date | None = None) -> Provenance:
    """Return the provenance of a number; `today` (UTC) decides which deferrals have expired."""
    if variable := _variable(loaded, number):
        return Provenance("environment", variable, variable)
    if isinstance(number.explained, Mechanism) and not number.given:
        return Provenance("mechanism", number.explained.source.title)
    name, day = source_name(loaded, number), today or _today()
    source, deferral = best(loaded.budget.source, name), _deferral(loaded, name, day)
    sourced = source is not None and (deferral is None or best((source, deferral.key), name) == source)
    if number.value is not None and source is not None and sourced:
        return Provenance("source", loaded.budget.source[source], loaded.place_of(("source", source)), source)
    if deferral is not None:
        return deferral
    ended = best(loaded.budget.deferred, name)
    expired = f"; its deferral ended on {loaded.budget.deferred[ended].until}" if ended else ""
    why = "nobody has decided it" if number.value is None else "no source says where it was decided"
    return Provenance("missing", why + expired)


def source_name(loaded: Loaded, number: Number) -> str:
    """Return the path that [source] has to cover: below env.NAME for a number that the overlay gives."""
    laid = any(number.key[:length] in loaded.overlaid for length in range(1, len(number.key) + 1))
    return dotted(("env", str(loaded.environment), *number.key)) if laid else number.path


def _deferral(loaded: Loaded, name: str, today: datetime.date) -> Provenance | None:
    key = best(loaded.budget.deferred, name)
    if key is None or (deferral := loaded.budget.deferred[key]).until < today:
        return None
    return Provenance("deferred", _words(deferral), loaded.place_of(("deferred", key)), key)


def _words(deferral: Deferral) -> str:
    return f"{deferral.reason} (until {deferral.until}: {deferral.owner})"


def _derived(result: Derived) -> Provenance:
    return Provenance("derived", result.formula)


def _variable(loaded: Loaded, number: Number) -> str:
    lengths = range(1, len(number.key) + 1)
    return next((v for length in lengths if (v := loaded.variables.get(number.key[:length]))), "")


def _today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()
