"""All files of a project to their forms: from the store where they are unchanged, else read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from holdfast.audit.source.find import Found
from holdfast.audit.source.form import Module, Trouble
from holdfast.audit.source.forms import Forms
from holdfast.audit.source.packing import unpacked
from holdfast.audit.source.parallel import parse, quiet
from holdfast.audit.source.read import LARGEST, read
from holdfast.audit.source.store import Store, digest

__all__ = ["FORM", "Project", "load", "quiet"]

FORM = "form"


class Project:
    """The files of a project as they are now, and what is known of them from the audit before.

    `paths` are relative to the root, `names` have the aliases too that links give. `changed` are the numbers
    of the files that are not as they were; `same_files` says whether the files are the same ones, whatever
    stands in them. `lines` and `troubles` are known without unpacking a module.
    """

    def __init__(self, files: Sequence[Found], store: Store | None = None) -> None:
        self._files = files
        self._store = store
        self.names = [(found.path, *found.aliases) for found in files]
        self.paths = [found.path for found in files]
        self._heads = store.heads(FORM) if store is not None else {}
        names = [_name(found) for found in files]
        digests = [_digest(found.file) for found in files]
        self.same_files = self._heads.keys() == set(names)
        self.changed = {
            number
            for number, name in enumerate(names)
            if digests[number] is None or (self._heads.get(name) or (None,))[0] != digests[number]
        }
        self._read: dict[int, tuple[Any, ...]] = {}
        self.modules = Forms(len(files), self._module)
        missing = sorted(self.changed)
        self._read = dict(zip(missing, parse([files[number] for number in missing]), strict=True))
        self._now = {
            name: (digests[number], self._read[number][0], self._read[number][-1])
            if number in self.changed
            else tuple(self._heads[name])
            for number, name in enumerate(names)
        }

    @property
    def lines(self) -> int:
        """The lines of all files."""
        return sum(lines for _, lines, _ in self._now.values())

    @property
    def troubles(self) -> dict[str, tuple[Trouble, ...]]:
        """What could not be read, by path."""
        return {
            found.path: tuple(Trouble(*one) for one in self._now[_name(found)][2])
            for found in self._files
            if self._now[_name(found)][2]
        }

    def before(self, number: int) -> Module | None:
        """Return a module as it was for the audit before; None where that did not read it."""
        name = _name(self._files[number])
        form = self._store.body(FORM, name) if self._store is not None and name in self._heads else None
        return unpacked(self._files[number].path, form) if form is not None else None

    @property
    def state(self) -> bytes:
        """A digest of all files as they are now."""
        return _state(self._now)

    @property
    def state_before(self) -> bytes:
        """The same of the files as the store has them."""
        return _state(self._heads)

    def entries(self) -> dict[str, tuple[Any, Any]]:
        """Return what is to be kept of the files that changed, as the store takes it."""
        names = {number: _name(self._files[number]) for number in self.changed}
        return {names[number]: (self._now[names[number]], self._read[number]) for number in self.changed}

    def gone(self) -> set[str]:
        """Return the names in the store of files that are there no longer."""
        return self._heads.keys() - self._now.keys()

    def _module(self, number: int) -> Module:
        found = self._files[number]
        form = self._read.get(number)
        if form is None and self._store is not None:
            form = self._store.body(FORM, _name(found))
        module = unpacked(found.path, form) if form is not None else read(found.path, found.file)
        module.aliases = tuple(found.aliases)
        return module


def load(files: Sequence[Found], cache: Path | None = None) -> list[Module]:
    """Return the forms of `files`, in their order; kept in the folder `cache` where there is one."""
    with quiet():
        if cache is None:
            return list(Project(files).modules)
        with Store(cache) as store:
            project = Project(files, store)
            modules = list(project.modules)
            store.write({FORM: project.entries()}, {FORM: project.gone()})
            return modules


def _state(heads: Mapping[str, tuple[Any, ...] | None]) -> bytes:
    parts = ((os.fsencode(name), (heads[name] or (b"",))[0] or b"") for name in sorted(heads))
    return digest(*chain.from_iterable(parts))


def _name(found: Found) -> str:
    """Return the name of a file in the store: what other names links give it decides what imports mean."""
    return "\0".join((found.path, *found.aliases))


def _digest(file: Path) -> bytes | None:
    """Return the digest of a file's content; None for one that is not read."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    return digest(data) if len(data) <= LARGEST else None
