"""How a project is installed, and with which Python: read from its files."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from holdfast.errors import UsageError

__all__ = ["Project", "read"]

_OURS = "holdfast"
_LEAST, _MOST, _PATCHES = 11, 40, 60
"""The minor versions of Python 3 that are asked for, and the patches of each: holdfast needs 3.11."""


@dataclass(frozen=True, slots=True)
class Project:
    """`python`: "3.12". `install`: lines for a shell in an activated environment, holdfast's own included."""

    python: str
    install: tuple[str, ...]


def read(folder: Path, *, install: str | None = None) -> Project:
    """Return how the project in `folder` is installed; `install` is its own command for it, if any.

    The first that there is: uv.lock, requirements.txt, pyproject.toml. Python is the lowest from 3.11 that
    requires-python allows, else the running one. Raises UsageError where none of these files is there, or
    one cannot be read.
    """
    file = folder / "pyproject.toml"
    document = _document(file)
    python = _python(document.get("project", {}).get("requires-python"), file.name)
    if install is not None:
        return Project(python, (install, _pip(f"'{_OURS}[audit,gate]'")))
    extras = _naming_us(document.get("project", {}).get("optional-dependencies", {}))
    groups = _naming_us(document.get("dependency-groups", {}))
    if (folder / "uv.lock").exists():
        wanted = [f"--extra {name}" for name in extras] + [f"--group {name}" for name in groups]
        return Project(
            python,
            (
                _pip("uv"),
                # Inexact, or it would remove what was installed the line before: itself.
                " ".join(["uv sync --locked --inexact", *wanted]),
                f"uv pip install '{_OURS}[audit,gate]'",
            ),
        )
    lines = [_pip("--upgrade pip"), *_requirements(folder, document, extras, groups)]
    return Project(python, (*lines, _pip(f"'{_OURS}[audit,gate]'")))


def _requirements(
    folder: Path, document: Mapping[str, Any], extras: Sequence[str], groups: Sequence[str]
) -> list[str]:
    listed = (folder / "requirements.txt").exists()
    if not listed and "project" not in document:
        raise UsageError(
            "no uv.lock, no requirements.txt and no [project] in pyproject.toml: how is it installed?",
            place="--install",
        )
    lines = [_pip("-r requirements.txt")] if listed else []
    if listed and "build-system" in document:
        lines.append(_pip("--no-deps -e ."))
    elif not listed:
        lines.append(_pip(f"-e '.[{','.join(extras)}]'" if extras else "-e ."))
    return lines + [_pip(f"--group {name}") for name in groups]


def _pip(words: str) -> str:
    return f"python -m pip install {words}"


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # no TOML and no UTF-8 are ValueErrors
        raise UsageError(f"cannot be read: {error}", place=file.name) from None


def _python(required: object, file: str) -> str:
    if required is None:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        allowed = SpecifierSet(str(required))
    except InvalidSpecifier:
        raise UsageError(f"{required!r} is no range of versions", place=f"{file}: requires-python") from None
    for minor in range(_LEAST, _MOST):
        if any(allowed.contains(f"3.{minor}.{patch}") for patch in range(_PATCHES)):
            return f"3.{minor}"
    raise UsageError(
        f"{required!r} allows no Python from 3.{_LEAST} up, which holdfast needs",
        place=f"{file}: requires-python",
    )


def _naming_us(tables: Mapping[str, Sequence[object]]) -> list[str]:
    """Return the names of those lists of requirements that have holdfast in them."""
    return [name for name, required in tables.items() if any(map(_is_us, required))]


def _is_us(requirement: object) -> bool:
    try:
        return Requirement(str(requirement)).name.lower() == _OURS
    except InvalidRequirement:  # a group that includes another is a table
        return False
