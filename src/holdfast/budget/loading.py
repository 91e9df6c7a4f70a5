"""From the file, its overlay and the environment to a validated budget."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from holdfast.budget.document import FILE, Document, find, read, shown
from holdfast.budget.environ import override
from holdfast.budget.loaded import Loaded
from holdfast.budget.model import Budget
from holdfast.budget.overlay import lay, leaves
from holdfast.budget.path import KeyPath
from holdfast.errors import BudgetError

__all__ = ["load"]


def load(
    path: Path | None = None,
    *,
    environment: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Loaded:
    """Return the budget in `path`, with the overlay [env.ENVIRONMENT] and the overrides of `environ`.

    Without `path`: what HOLDFAST_BUDGET names, else holdfast.toml or [tool.holdfast] of pyproject.toml in the
    working directory or the nearest folder above it. Without `environment`: what HOLDFAST_ENV names, else
    none.

    Raises BudgetError with file:line (or the variable) and what was expected: no such file, not TOML, unknown
    key, impossible number, contradiction, unknown environment. All overlays are validated, also those not
    asked for, so that a mistake is found before the day it is needed.
    """
    chosen = path or (
        Path(environ["HOLDFAST_BUDGET"]) if environ.get("HOLDFAST_BUDGET") else find(Path.cwd())
    )
    if chosen is None:
        raise BudgetError(f"no {FILE} and no [tool.holdfast] in {Path.cwd()} or above it")
    document = read((chosen / FILE if chosen.is_dir() else chosen).absolute())
    name = environment or environ.get("HOLDFAST_ENV") or None
    base, overlays = _apart(document)
    if name is not None and name not in overlays:
        known = ", ".join(overlays) or "none"
        close = difflib.get_close_matches(name, overlays, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        place = "HOLDFAST_ENV" if not environment else shown(document.path)
        raise BudgetError(f'no environment is named "{name}"; known: {known}{hint}', place=place)

    plain = {key: line for key, line in document.lines.items() if key[0] != "env"}
    budget = _validated(base, document, plain)
    lines, overlaid, data = plain, frozenset[KeyPath](), base
    for other, numbers in overlays.items():
        merged = lay(numbers, base)
        under = _overlaid_lines(document, other, plain)
        laid = _validated(merged, document, under, prefix=("env", other))
        if other == name:
            budget, lines, data = laid, under, merged
            overlaid = frozenset(key for key, _ in leaves(numbers))
    written = budget
    data, variables = override(data, document.path.parent, environ)
    if variables:
        budget = _validated(data, document, lines, variables=variables)
    return Loaded(budget, document.path, name, written, lines, variables, overlaid, data, overlays)


def _apart(document: Document) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the document without its overlays, and those by name."""
    base = {key: value for key, value in document.data.items() if key != "env"}
    overlays = document.data.get("env", {})
    if not isinstance(overlays, dict) or not all(isinstance(numbers, dict) for numbers in overlays.values()):
        place = f"{shown(document.path)}:{document.lines[('env',)]}"
        raise BudgetError("env: expected a table for each environment, such as [env.ci]", place=place)
    return base, overlays


def _overlaid_lines(document: Document, name: str, plain: Mapping[KeyPath, int]) -> dict[KeyPath, int]:
    """Return the lines of the merged document: those of the overlay where it gives the key."""
    over = {
        key[2:]: line for key, line in document.lines.items() if key[:2] == ("env", name) and len(key) > 2
    }
    replaced = {path for path, _ in leaves(document.data["env"][name])}
    kept = {
        key: line
        for key, line in plain.items()
        if not any(key[:length] in replaced for length in range(1, len(key) + 1))
    }
    # A table keeps the line of its own header, as the keys that the overlay leaves alone still stand there.
    return over | kept


def _validated(
    data: Mapping[str, Any],
    document: Document,
    lines: Mapping[KeyPath, int],
    *,
    prefix: KeyPath = (),
    variables: Mapping[KeyPath, str] | None = None,
) -> Budget:
    """Return the budget of `data`.

    `prefix` is put before the keys in messages: those of an overlay are below its table.
    """
    try:
        return Budget.model_validate(data)
    except ValidationError as error:
        where = Loaded(Budget(), document.path, lines=lines, variables=variables or {})
        from holdfast.budget.mistakes import explain  # needed only now

        raise explain(error, where.place_of, prefix=prefix) from None
