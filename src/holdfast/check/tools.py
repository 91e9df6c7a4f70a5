"""The tools that a project configures: only those are run, in the way that it configures them."""

from __future__ import annotations

import configparser
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.errors import UsageError

__all__ = ["Tool", "lint", "tests", "types"]


@dataclass(frozen=True, slots=True)
class Tool:
    """`module`, run with `words`; `place` is where it is configured. `codes`: which of our exit codes its own
    mean, None for "there is nothing to check".
    """

    module: str
    words: tuple[str, ...]
    place: str
    codes: Mapping[int, int | None] = field(default_factory=dict)


_MYPY = _RUFF = {0: 0, 1: 1, 2: 2}
_PYRIGHT = {0: 0, 1: 1, 2: 5, 3: 2, 4: 2}
"""https://microsoft.github.io/pyright/#/command-line: findings, a fatal error, its settings, its call."""

_PYTEST = {0: 0, 1: 1, 2: 1, 3: 5, 4: 2, 5: None}
"""https://docs.pytest.org/en/stable/reference/exit-codes.html: failed, not collected, an internal error, its
call, no tests.
"""


def types(folder: Path) -> Tool | None:
    """Return the type checker that the project in `folder` configures: mypy, else pyright."""
    for file, section in (("mypy.ini", "mypy"), (".mypy.ini", "mypy"), ("setup.cfg", "mypy")):
        if (found := _ini(folder / file, section)) is not None:
            return _mypy(found, file)
    configured = _pyproject(folder)
    if "mypy" in configured:
        return _mypy(configured["mypy"], "pyproject.toml")
    if (folder / "pyrightconfig.json").exists():
        return Tool("pyright", (), "pyrightconfig.json", _PYRIGHT)
    return Tool("pyright", (), "pyproject.toml", _PYRIGHT) if "pyright" in configured else None


def lint(folder: Path) -> Tool | None:
    """Return the linter that the project in `folder` configures: ruff."""
    for file in (".ruff.toml", "ruff.toml"):
        if (folder / file).exists():
            return Tool("ruff", ("check", "."), file, _RUFF)
    return Tool("ruff", ("check", "."), "pyproject.toml", _RUFF) if "ruff" in _pyproject(folder) else None


def tests(folder: Path) -> Tool | None:
    """Return what runs the tests that the project in `folder` configures: pytest."""
    for file, section in (
        ("pytest.ini", ""),
        (".pytest.ini", ""),
        ("tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
    ):
        if _ini(folder / file, section) is not None:
            return Tool("pytest", (), file, _PYTEST)
    return Tool("pytest", (), "pyproject.toml", _PYTEST) if "pytest" in _pyproject(folder) else None


def _mypy(settings: Mapping[str, Any], place: str) -> Tool:
    # Without files it has to be told what to read.
    told = settings.keys() & {"files", "packages", "modules"}
    return Tool("mypy", () if told else (".",), place, _MYPY)


def _pyproject(folder: Path) -> Mapping[str, Any]:
    """Return [tool] of pyproject.toml; {} where there is none."""
    file = folder / "pyproject.toml"
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # no TOML and no UTF-8 are ValueErrors
        raise UsageError(f"cannot be read: {error}", place=file.name) from None
    return tables if isinstance(tables, dict) else {}


def _ini(file: Path, section: str) -> Mapping[str, str] | None:
    """Return a section of an INI file, of a file without it None; `section` "": whatever the file says."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot be read: {error}", place=file.name) from None
    if not section:
        return {}
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UsageError(f"cannot be read: {error.message.splitlines()[0]}", place=file.name) from None
    return dict(parser[section]) if parser.has_section(section) else None
