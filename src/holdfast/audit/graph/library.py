"""What is known of libraries: which of their calls block, and what their calls give. It is data (TOML)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import files
from typing import Any

__all__ = ["Library", "Sink", "builtin", "documents"]


_SAID = ("instead", "timeout", "position", "severity", "fix")
"""What a group of calls may say besides its kind."""

_OF_ANSWERS = frozenset(
    {
        *(
            "decode",
            "encode",
            "format",
            "hex",
            "join",
            "replace",
            "split",
            "rsplit",
            "splitlines",
            "partition",
        ),
        *("strip", "lstrip", "rstrip", "removeprefix", "removesuffix", "lower", "upper", "title", "casefold"),
        *(
            "startswith",
            "endswith",
            "isdigit",
            "isalpha",
            "isoformat",
            "tolist",
            "model_dump",
            "raise_for_status",
        ),
        *("items", "keys", "values", "append", "extend", "sort", "setdefault"),
    }
)
"""Methods of the texts, bytes and mappings that calls give."""

_OF_TEXTS = frozenset({"index", "find", "count", "get", "copy", "update", "insert", "pop"})
"""Such methods that clients have as well, nearer to themselves: `reply.choices[0].message.content.find`."""
_FARTHEST = 3

_AT_HAND = ("redis.", "memcache.", "pymemcache.", "socket.")
"""Libraries of what lies beside a service, and answers in a fraction of a millisecond."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A call that blocks whoever makes it.

    `kind` is what it waits for: "network", "database", "disk", "process", "sleep", "cpu", "lock", "model".
    `instead` is what to use on an event loop, where that is known. `timeout` names the parameter that limits
    it, "" where there is none; `position` is its place among arguments without a name, from 0. `severity`
    ("high", "medium", "low") and `fix` are the words of whoever named the call in a budget; "" where nobody
    did.
    """

    path: str
    kind: str
    library: str
    instead: str = ""
    timeout: str = ""
    severity: str = ""
    fix: str = ""
    position: int | None = None


class Library:
    """Knowledge by dotted path. `requests.*` speaks of all below that no longer path speaks of, and
    `langchain.*.invoke` of that method of anything below."""

    def __init__(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """`version` is another text where something else is known."""
        self._sinks: dict[str, Sink | None] = {}
        self._given: dict[str, str] = {}
        self._fluent: set[str] = set()
        self._clients: dict[str, str] = {}
        self._queries: set[str] = set()
        self._remote: set[str] = set()
        self._patterns: dict[str, list[tuple[re.Pattern[str], Sink | None]]] = {}
        self._attributes: dict[str, str] = {}
        self._same: dict[str, str] = {}
        self._offload: dict[str, str] = {}
        self._canonical: dict[str, str] = {}
        self._sink: dict[str, Sink | None] = {}
        self.version = ""
        for document in documents:
            self._read(document)
            self.version += repr(document)

    def _read(self, document: Mapping[str, Any]) -> None:
        library = str(document.get("library", ""))
        for group in document.get("blocks", ()):
            for path in group["calls"]:
                said = {word: group[word] for word in _SAID if word in group}
                self._note(path, Sink(path, group["kind"], library, **said))
        for path in document.get("harmless", ()):
            self._note(path, None)
        self._given.update(document.get("gives", {}))
        self._fluent.update(document.get("fluent", ()))
        self._attributes.update(document.get("attributes", {}))
        self._same.update(document.get("same", {}))
        self._queries.update(document.get("queries", ()))
        self._remote.update(document.get("remote", ()))
        for what, paths in document.get("clients", {}).items():
            self._clients.update(dict.fromkeys(paths, what))
        self._offload.update(document.get("offloads", {}))

    def _note(self, path: str, sink: Sink | None) -> None:
        """Note what a call does; None for one that does not block, which goes before all patterns."""
        if "*" not in path.removesuffix(".*"):
            self._sinks[path] = sink
            return
        package = path.partition(".")[0]
        known = self._patterns.setdefault("" if "*" in package else package, [])
        pattern = re.compile(re.escape(path).replace(r"\*", ".*"))
        known.insert(len(known) if sink is not None else 0, (pattern, sink))

    def sink(self, path: str) -> Sink | None:
        """Return what is known of the call of `path`, if it blocks."""
        try:
            return self._sink[path]
        except KeyError:
            found = self._sink[path] = self._find_sink(self.canonical(path))
            return found

    def _find_sink(self, path: str) -> Sink | None:
        if path in self._sinks:
            return self._sinks[path]
        below = path
        while "." in below:
            below = below.rpartition(".")[0]
            if (key := f"{below}.*") in self._sinks:
                # `client.get(key).decode()`: what `get` waited for is there; that waits for nothing.
                far, last = path.count(".") - below.count("."), path.rpartition(".")[2]
                answer = (far > 1 and last in _OF_ANSWERS) or (far > _FARTHEST and last in _OF_TEXTS)
                return None if answer else _called(self._sinks[key], path)
        package = path.partition(".")[0]
        for pattern, sink in (*self._patterns.get(package, ()), *self._patterns.get("", ())):
            if pattern.fullmatch(path):
                return _called(sink, path)
        return None

    def is_named(self, path: str) -> bool:
        """Whether `path` is spoken of by its own name, and not by that of all below another."""
        path = self.canonical(path)
        return path in self._sinks or path in self._queries or path in self._remote

    def is_client(self, path: str) -> bool:
        """Whether all below `path` is spoken of: what calling it gives asks for more."""
        return f"{self.canonical(path)}.*" in self._sinks

    def is_of_value(self, path: str) -> bool:
        """Whether the last name of `path` is one of the methods of texts, bytes and mappings."""
        return path.rpartition(".")[2] in _OF_ANSWERS | _OF_TEXTS

    def given(self, path: str) -> str:
        """Return the path of what calling `path` gives; "" where that is its own path."""
        canonical = self.canonical(path)
        found = self._given.get(canonical)
        if found is None:
            made_by = canonical.rpartition(".")[0]
            found = made_by if made_by in self._fluent else canonical if canonical != path else ""
        return found

    def attribute(self, path: str) -> str:
        """Return the path of the instance that an attribute holds; "" where nothing is known."""
        return self._attributes.get(self.canonical(path), "")

    def offload(self, path: str) -> str:
        """Return where a call runs the functions it is given: "thread", "loop", "task", or "" for unknown.

        A task runs async functions on the loop, and others in a thread.
        """
        return self._offload.get(self.canonical(path), "")

    def client(self, path: str) -> str:
        """Return what calling `path` makes that holds connections: "client", "engine", "pool"; else ""."""
        return self._clients.get(self.canonical(path), "")

    def is_query(self, path: str) -> bool:
        """Whether calling (or reading) `path` asks a database, on the loop or off it."""
        path = self.canonical(path)
        return path in self._queries or f"{path.rpartition('.')[0]}.*" in self._queries

    def is_remote(self, path: str) -> bool:
        """Whether calling `path` asks another service, on the loop or off it; a store at hand is none."""
        path = self.canonical(path)
        if path in self._remote or f"{path.rpartition('.')[0]}.*" in self._remote:
            return True
        sink = self.sink(path)
        return sink is not None and sink.kind == "network" and not sink.path.startswith(_AT_HAND)

    def canonical(self, path: str) -> str:
        """Return the one path of a thing that has several, such as `sqlalchemy.Engine`."""
        try:
            return self._canonical[path]
        except KeyError:
            found = self._canonical[path] = self._find_canonical(path)
            return found

    def _find_canonical(self, path: str) -> str:
        head = path
        while head:
            if head in self._same:
                return self.canonical(self._same[head] + path[len(head) :])
            head = head.rpartition(".")[0]
        return path

    @cached_property
    def paths(self) -> frozenset[str]:
        """All paths that block, for the documentation."""
        return frozenset(path for path, sink in self._sinks.items() if sink is not None)


def _called(sink: Sink | None, path: str) -> Sink | None:
    """Return what is known of `path` from what is known of all like it; of entering it, nothing is."""
    return sink if sink is None or path.endswith(".with") else replace(sink, path=path)


def documents() -> Iterator[Mapping[str, Any]]:
    """Yield what holdfast knows itself, library by library: the files of holdfast/audit/libraries."""
    folder = files("holdfast.audit") / "libraries"
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            yield tomllib.loads(file.read_text(encoding="utf-8"))


def builtin() -> Library:
    """Return what holdfast knows itself, and nothing else."""
    return Library(documents())
