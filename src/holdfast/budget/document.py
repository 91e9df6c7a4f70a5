"""Finding and reading the file that holds the budget."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.budget.locate import lines_of
from holdfast.budget.path import KeyPath
from holdfast.errors import BudgetError

__all__ = ["FILE", "Document", "find", "read", "shown"]

FILE = "holdfast.toml"

_PYPROJECT = "pyproject.toml"
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """A budget as written: `data` of the TOML, and the line of each key in `path`."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[KeyPath, int]


def find(start: Path) -> Path | None:
    """Return the budget file of the folder `start` or of the nearest above it; None where none has."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
        if _mentions_holdfast(folder / _PYPROJECT):
            return folder / _PYPROJECT
    return None


def _mentions_holdfast(project: Path) -> bool:
    """Whether a pyproject.toml, if it is one and can be read, may hold a budget."""
    try:
        return "tool.holdfast" in project.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def read(path: Path) -> Document:
    """Return the document in `path`, of a pyproject.toml its [tool.holdfast].

    Raises BudgetError where it cannot be read or is no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise BudgetError("no such file", place=shown(path)) from None
    except OSError as error:
        raise BudgetError(f"cannot be read: {error.strerror}", place=shown(path)) from None
    except UnicodeDecodeError as error:
        raise BudgetError(f"not UTF-8 at byte {error.start}", place=shown(path)) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _malformed(path, text, str(error)) from None
    except RecursionError:
        raise BudgetError("nested too deeply", place=shown(path)) from None
    lines = lines_of(text)
    if path.name != _PYPROJECT:
        return Document(path, data, lines)
    tool = data.get("tool", {})
    if not isinstance(tool, dict) or not isinstance(tool.get("holdfast"), dict):
        raise BudgetError("has no table [tool.holdfast]", place=shown(path))
    inner = {key[2:]: line for key, line in lines.items() if key[:2] == ("tool", "holdfast") and len(key) > 2}
    return Document(path, tool["holdfast"], inner)


def shown(path: Path) -> str:
    """Return a path as people read it: relative to the working directory where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _malformed(path: Path, text: str, message: str) -> BudgetError:
    found = _AT.search(message)
    lines = text.split("\n")
    line, column = (found[1], found[2]) if found and found[1] else (len(lines), len(lines[-1]) + 1)
    what = _AT.sub("", message)
    return BudgetError(
        f"not valid TOML: {what[:1].lower()}{what[1:]}", place=f"{shown(path)}:{line}:{column}"
    )
