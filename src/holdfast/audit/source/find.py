"""Which files are read: all Python below a folder, each once, under every name that links give it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.errors import UsageError

__all__ = ["SKIPPED", "Found", "find"]

SKIPPED = frozenset(
    {
        *("__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist", ".git", ".hg"),
        *(".tox", ".nox", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".eggs"),
    }
)
"""Folders that hold no source of the project's own."""


_TESTS = frozenset({"tests", "test", "testing", "e2e"})


@dataclass(slots=True)
class Found:
    """A file; `path` and `aliases` are relative to the root, with forward slashes."""

    path: str
    file: Path
    aliases: list[str] = field(default_factory=list)


def find(root: Path, *, tests: bool = False) -> list[Found]:
    """Return the Python files below `root`, in the order of their paths; a file itself is all there is.

    `tests`: those too that pytest would collect, and the folders that they lie in: no user waits for them.
    Links to folders are followed, once to each folder from each place, so that a loop ends. Raises
    `UsageError` when there is nothing at `root`.
    """
    if root.is_file():
        return [Found(root.name, root)]
    if not root.is_dir():
        raise UsageError("there is no such file or folder", place=str(root))
    by_file: dict[tuple[int, int], Found] = {}
    for path, file in _walk(root, "", frozenset()):
        if not tests and _is_test(path):
            continue
        try:
            status = file.stat()
        except OSError:
            continue  # a link to nowhere
        key = (status.st_dev, status.st_ino)
        known = by_file.get(key)
        if known is None:
            by_file[key] = Found(path, file)
        else:
            known.aliases.append(path)
    return sorted(by_file.values(), key=lambda found: found.path)


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, Path]]:
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError:
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        return  # a link to a folder that it lies in
    for entry in entries:
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            skipped = entry.name in SKIPPED or entry.name.startswith(".")
            if not skipped and not (Path(entry.path) / "pyvenv.cfg").exists():
                yield from _walk(Path(entry.path), f"{path}/", above | {here})
        elif entry.name.endswith((".py", ".pyi")) and entry.is_file():
            yield path, Path(entry.path)


def _is_test(path: str) -> bool:
    *folders, name = path.split("/")
    return (
        name.startswith("test_")
        or name in ("conftest.py", "tests.py")
        or name.endswith("_test.py")
        or not _TESTS.isdisjoint(folders)
    )
