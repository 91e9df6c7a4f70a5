"""What an audit remembers of the one before, so that it works out anew only what a change touches.

Three layers lie on each other, each made of those below: the forms of files; what was found out about each
module (`Kept`, with traces to the parts of files that were read); and what rules find in each module
(`Found`, with traces to these, and to edges and ways). What is the same in one layer is not followed into the
next. When files come or go, names may mean something else anywhere: only the forms are taken over then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from holdfast.audit.graph.kept import Kept, Record
from holdfast.audit.graph.library import Library
from holdfast.audit.source.change import inside, shape
from holdfast.audit.source.load import FORM, Project
from holdfast.audit.source.store import Entries, Store, digest

__all__ = ["Memory"]

_STATE, _GRAPH, _STANDING, _FOUND = "state", "graph", "standing", "found"


class Memory:
    """What `store` has of `project`. `world` is what else answers hang on: another one makes them worthless.

    `dirty` are the bits of what changed in the forms, see `Program`.
    """

    def __init__(self, project: Project, store: Store, library: Library, *world: str) -> None:
        self.project = project
        self._store = store
        self._world = digest(library.version.encode(), *map(os.fsencode, world))
        state, served = store.body(_STATE, "") or (b"", frozenset())
        self._known = project.same_files and state == self._state(project.state_before)
        self.served: frozenset[int] = served
        self.dirty = self._changes() if self._known else 0
        self.graph: Callable[[int], Record] = self._reader(_GRAPH)
        self.found: Callable[[int], Record] = self._reader(_FOUND)
        self.standing: Callable[[int], Any] = self._reader(_STANDING)

    def save(self, graph: Kept, found: Kept, standing: Mapping[int, Any], served: frozenset[int]) -> None:
        """Keep what the next audit can use; `standing` are those that are not as they were."""
        paths = self.project.paths
        entries: dict[str, Entries] = {
            FORM: self.project.entries(),
            _GRAPH: {paths[number]: (None, record) for number, record in graph.new()},
            _FOUND: {paths[number]: (None, record) for number, record in found.new()},
            _STANDING: {paths[number]: (None, one) for number, one in standing.items()},
        }
        if self._known and not any(entries.values()):
            return
        entries[_STATE] = {"": (None, (self._state(self.project.state), served))}
        gone: dict[str, set[str]] = {FORM: self.project.gone()}
        if not self._known:
            gone |= {kind: self._store.names(kind) - set(paths) for kind in (_GRAPH, _FOUND, _STANDING)}
        self._store.write(entries, gone)

    def _state(self, files: bytes) -> bytes:
        return digest(self._world, files)

    def _changes(self) -> int:
        dirty = 0
        for number in self.project.changed:
            before, now = self.project.before(number), self.project.modules[number]
            if before is None or shape(before) != shape(now):
                dirty |= 1 << 2 * number
            if before is None or inside(before) != inside(now):
                dirty |= 2 << 2 * number
        return dirty

    def _reader(self, kind: str) -> Callable[[int], Any]:
        bodies = cache(lambda: self._store.bodies(kind) if self._known else {})
        return lambda number: bodies().get(self.project.paths[number]) or {}
