"""Which file an import means.

The audit runs nothing, so it cannot ask `sys.path`. A file answers to every name under which one of the
folders above it could make it importable; a folder that is a package itself cannot be on the path. Of several
that would do, the one nearest to the importer is meant: monorepos hold many packages of one name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

__all__ = ["Finder"]

_Parts = tuple[str, ...]


class Finder:
    """Over the paths of all files, relative to the root, with forward slashes."""

    def __init__(self, paths: Iterable[Sequence[str]], base: _Parts = ()) -> None:
        """Take the paths of each file: the first is its own, the others are those that links give it.

        `base` are the folders above the root: part of a project alone is imported by its whole name too.
        """
        self._base = base
        self._parts: list[_Parts] = []
        self._packages: set[_Parts] = set()
        self._by_last: dict[str, list[tuple[_Parts, int]]] = {}
        self._by_path: dict[_Parts, int] = {}
        for number, names in enumerate(paths):
            for path in names:
                parts = self._placed(path)
                if path is names[0]:
                    self._parts.append(parts)
                self._by_path.setdefault(parts, number)
                if parts:
                    self._by_last.setdefault(parts[-1], []).append((parts, number))
        self._memo: dict[tuple[_Parts, _Parts], int | None] = {}

    def _placed(self, path: str) -> _Parts:
        pure = PurePosixPath(path)
        parts = (*self._base, *pure.parts[:-1], pure.name.removesuffix(".py").removesuffix(".pyi"))
        if parts[-1] == "__init__":
            parts = parts[:-1]
            self._packages.add(parts)
        return parts

    def parts(self, number: int) -> _Parts:
        """Return where the file lies, without its suffix and without `__init__`."""
        return self._parts[number]

    def is_package(self, number: int) -> bool:
        """Whether the file is the `__init__` of its folder."""
        return self._parts[number] in self._packages

    def relative(self, importer: int, path: str) -> _Parts:
        """Return the place that the relative import `path` (with its dots) means."""
        rest = path.lstrip(".")
        up = len(path) - len(rest)
        base = self._parts[importer]
        if not self.is_package(importer):
            base = base[:-1]
        base = base[: len(base) - (up - 1)] if up > 1 else base
        return (*base, *rest.split(".")) if rest else base

    def at(self, parts: _Parts) -> int | None:
        """Return the file at exactly this place."""
        return self._by_path.get(parts)

    def find(self, importer: int, dotted: _Parts) -> int | None:
        """Return the file that an absolute import of `dotted` means there; None for what is not ours."""
        folder = self._parts[importer][:-1]
        key = (folder, dotted)
        if key not in self._memo:
            self._memo[key] = self._find(folder, dotted)
        return self._memo[key]

    def _find(self, folder: _Parts, dotted: _Parts) -> int | None:
        best: tuple[int, int] | None = None
        found = None
        for parts, number in self._by_last.get(dotted[-1], ()):
            if parts[-len(dotted) :] != dotted:
                continue
            root = parts[: -len(dotted)]
            if root in self._packages:
                continue
            above = folder[: len(root)] == root
            if len(dotted) == 1 and not above and dotted[0] in sys.stdlib_module_names:
                continue
            shared = max(0, _shared(parts, folder) - len(self._base))
            if not above and not shared and len(root) - len(self._base) > 2:
                continue  # far away, below nothing that both are in
            rank = (shared, -len(parts))
            if best is None or rank > best:
                best, found = rank, number
        return found


def _shared(left: _Parts, right: _Parts) -> int:
    for count, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return count
    return min(len(left), len(right))
