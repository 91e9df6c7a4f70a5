"""What was found out about each module, by this audit and by the one before it.

An answer is kept with what it was made of, its trace. The next audit takes it where none of what was read has
changed and where each fact from outside the source has the value that it had: then working it out anew would
give the same, since answers are made of nothing else. What hangs on what callers pass has one answer for each
round in which that was another, see `learning`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator
from typing import Any

from holdfast.audit.graph.queries import Queries

__all__ = ["Kept", "Record"]

Version = tuple[Any, int, tuple[tuple[Hashable, Any], ...]]
"""An answer, the bits of what was read for it, and the facts with their values."""

_Candidate = tuple[Version, tuple[tuple[Hashable, Any], ...]]
"""A version, and the facts that have to be looked at before it is taken."""

Record = dict[Hashable, list[Version]]
"""The answers about one module, by question; the last that was asked for comes first."""


class Kept:
    """Answers by module and question. `fact` returns the value that a fact has now, `before` what the audit
    before kept of a module, and `dirty` are the bits of what has changed since."""

    def __init__(
        self,
        queries: Queries,
        fact: Callable[[Hashable], Any],
        before: Callable[[int], Record] = lambda _: {},
        dirty: int = 0,
    ) -> None:
        self._queries = queries
        self._fact = fact
        self._before = before
        self._dirty = dirty
        self._used: dict[int, Record] = {}
        self._settled: set[str] = set()
        self._changed: set[Hashable] = set()
        self._fitting: dict[int, dict[Hashable, list[_Candidate]]] = {}

    def ask(self, module: int, name: Hashable, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return the answer to the question `name` about a module: what `work(*arguments)` returns, of what
        `marshal` can write."""
        candidates = self._candidates(module).setdefault(name, [])
        version = next((one for one, open_ in candidates if self._holds(open_)), None)
        if version is None:
            key = (name, module)
            answer = self._queries.ask(key, work, *arguments)
            read, facts = self._queries.trace(key)
            version = answer, read, tuple((fact, self._fact(fact)) for fact in facts)
            candidates.append((version, self._open(version)))
        used = self._used.setdefault(module, {}).setdefault(name, [])
        if not used or used[0] is not version:
            used[:] = [version, *(each for each in used if each is not version)]
        return version[0]

    def settle(self, kind: str, changed: Collection[Hashable]) -> None:
        """Take the facts of a kind as they are from now on: what used one of `changed` is worked out anew."""
        self._settled.add(kind)
        self._changed |= set(changed)
        self._fitting.clear()

    def last(self, module: int, name: Hashable) -> Any:
        """Return the answer of the audit before, right or not; None where it gave none."""
        versions = self._before(module).get(name)
        return versions[0][0] if versions else None

    def new(self) -> Iterator[tuple[int, Record]]:
        """Yield the modules of which something else is known than before, with all that is worth keeping."""
        for module, used in self._used.items():
            if used != self._before(module):
                yield module, used

    def _candidates(self, module: int) -> dict[Hashable, list[_Candidate]]:
        found = self._fitting.get(module)
        if found is None:
            found = self._fitting[module] = {
                name: [(version, self._open(version)) for version in versions if self._is_right(version)]
                for name, versions in self._before(module).items()
            }
        return found

    def _is_right(self, version: Version) -> bool:
        if version[1] & self._dirty:
            return False
        return not self._changed or not any(fact in self._changed for fact, _ in version[2])

    def _open(self, version: Version) -> tuple[tuple[Hashable, Any], ...]:
        """Return the facts of a version that may still become others."""
        return tuple(one for one in version[2] if one[0][0] not in self._settled)  # type: ignore[index]

    def _holds(self, facts: tuple[tuple[Hashable, Any], ...]) -> bool:
        return all(self._fact(fact) == value for fact, value in facts)
