"""What pydantic finds wrong, in the budget's own words and at its place."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from holdfast.budget.model import Budget, Section
from holdfast.budget.path import KeyPath, dotted, parts
from holdfast.errors import BudgetError

__all__ = ["explain"]


def explain(error: ValidationError, place: Callable[[KeyPath], str], *, prefix: KeyPath = ()) -> BudgetError:
    """Return the first mistake, in the order of the file, as a BudgetError; it says how many follow.

    `place` gives "file:line" or the environment variable of a path. `prefix` is put before the paths that the
    message names, e.g. ("env", "ci") for an overlay.
    """
    found = sorted(
        (_at(details) for details in error.errors(include_url=False)),
        key=lambda item: _line(place(item[0][0])),
    )
    paths, details = found[0]
    at = next((path for path in paths if not place(path).rpartition(":")[2].isdigit()), paths[0])
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return BudgetError(_words(details, at, prefix) + more, place=place(at))


def _at(details: ErrorDetails) -> tuple[list[KeyPath], ErrorDetails]:
    """Return the paths that an error is about: a contradiction names its own."""
    loc = tuple(part for part in details["loc"] if part != "[key]")
    below = details.get("ctx", {}).get("at", ()) if details["type"] == "contradiction" else ()
    return [(*loc, *parts(path)) for path in below] or [loc], details


def _line(place: str) -> int:
    line = place.rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def _words(details: ErrorDetails, at: KeyPath, prefix: KeyPath) -> str:
    name, kind = dotted((*prefix, *at)), details["type"]
    if kind == "contradiction":
        table = dotted((*prefix, *details["loc"]))
        return f"{table}: {details['msg']}" if table else details["msg"]
    if kind == "extra_forbidden":
        return f"unknown key {name}{_meant(at, prefix)}"
    if kind == "missing":
        return f"{dotted((*prefix, *at[:-1]))} lacks the key {at[-1]}"
    if kind == "value_error":
        return f"{name}: {details['ctx']['error']}"
    return f"{name}: expected {_expected(details)}, got {_got(details['input'])}"


def _expected(details: ErrorDetails) -> str:
    kind = details["type"]
    if kind == "literal_error":
        return f"one of {details['ctx']['expected']}".replace("'", '"').replace(" or ", ", ")
    known = {
        "string_type": "text in quotes",
        "tuple_type": "a list",
        "dict_type": "a table",
        "model_type": "a table",
    }
    return known.get(kind, details["msg"])


def _got(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "a list"
    text = (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )
    return text if len(text) <= 60 else text[:57] + "..."


def _meant(at: KeyPath, prefix: KeyPath) -> str:
    """Return the hint for an unknown key: a sibling that is spelled alike, else the same key elsewhere."""
    wrong, siblings = str(at[-1]), list(_keys(at[:-1]))
    close = difflib.get_close_matches(wrong, siblings, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]}?"
    elsewhere = [path for path in _all_keys(Budget) if path[-1] == wrong]
    if elsewhere:
        return f"; did you mean {dotted((*prefix, *elsewhere[0]))}?"
    return f"; known here: {', '.join(siblings)}" if siblings else ""


def _keys(table: KeyPath) -> Iterator[str]:
    model = _model(table)
    if model is not None:
        yield from model.explained()


def _model(table: KeyPath) -> type[Section] | None:
    """Return the model of a table: each part is a field, or a key or index of a field that holds many."""
    kind: Any = Budget
    for part in table:
        if isinstance(kind, type) and issubclass(kind, Section):
            fields = {field.alias or name: field for name, field in kind.model_fields.items()}
            if part not in fields:
                return None
            kind = fields[str(part)].annotation
        else:
            kind = next((inner for inner in get_args(kind) if _section(inner)), None)
    return _section(kind)


def _section(kind: Any) -> type[Section] | None:
    if isinstance(kind, type) and issubclass(kind, Section):
        return kind
    return next((found for inner in get_args(kind) if (found := _section(inner))), None) if kind else None


def _all_keys(model: type[Section], at: KeyPath = ()) -> Iterator[KeyPath]:
    for name, field in model.model_fields.items():
        path = (*at, field.alias or name)
        yield path
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _all_keys(kind, path)
