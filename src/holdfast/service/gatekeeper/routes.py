"""Which of the routes that the budget names a request is for, before the app has routed it.

The app routes only after its middleware has run, and by then time has passed and the client may have left. So
the templates are compiled once, in the app's own order: where two of its routes match a path, the one that is
registered first takes it here as there. Of the app's routes only those are looked at that could take a path
from a named one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import Scope

__all__ = ["RouteTable", "overlap", "registered"]

T = TypeVar("T")

_PARAMETER = re.compile(r"{[^}]*}")
_TYPED = re.compile(r"{[^}:]*(:[^}]*)?}")
_MANY = re.compile(r"{[^}:]*:path}")

Registered = tuple[frozenset[str], str]
"""Methods and path of a route of the app."""


def registered(app: FastAPI) -> list[Registered]:
    """Return the routes of `app` in the order in which it tries them, included routers inside, no mounts."""
    contexts = iter_route_contexts(app.routes)
    return [(frozenset(c.methods), c.path) for c in contexts if c.path is not None and c.methods]


class RouteTable(Generic[T]):
    """From a request to what was said of its route.

    `named`: by "METHOD /path/{template}", parameters named as in the app or otherwise, with their types
    ("{file:path}") or without; a mounted app's with the path of its mount in front. `routes` as `registered`
    returns them. `unknown`: what was named and is not among them: misspelt, or a mounted app's.
    """

    __slots__ = ("_fixed", "_patterns", "unknown")

    def __init__(self, named: Mapping[str, T], routes: Iterable[Registered] = ()) -> None:
        self._fixed: dict[tuple[str, str], T | None] = {}
        self._patterns: dict[str, tuple[tuple[Callable[[str], object], T | None], ...]] = {}
        self.unknown: list[str] = []
        routes = list(routes)
        for method in dict.fromkeys(key.partition(" ")[0] for key in named):
            said = {
                key.partition(" ")[2]: value for key, value in named.items() if key.startswith(f"{method} ")
            }
            self._compile(method, said, [path for methods, path in routes if method in methods])

    def find(self, scope: Scope) -> T | None:
        """Return what was said of the route of the HTTP request `scope`; None: nothing."""
        method, path, root = scope["method"], scope["path"], scope.get("root_path", "")
        if root and path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
            path = path[len(root) :]
        key = (method, path)
        if key in self._fixed:
            return self._fixed[key]
        for matches, value in self._patterns.get(method, ()):
            if matches(path):
                return value
        return None

    def _compile(self, method: str, said: Mapping[str, T], paths: list[str]) -> None:
        """Lay out one method. `said`: by the path as it was named; `paths`: the app's, in its order."""
        names = _names(said, paths)
        elsewhere = [path for path in said if path not in names.values()]
        self.unknown += [f"{method} {path}" for path in elsewhere]
        # What the app does not list comes last: its own routes take nothing from a mount's.
        values = {path: said[name] for path, name in names.items()} | {path: said[path] for path in elsewhere}
        patterns: list[tuple[str, T | None]] = []
        for path in dict.fromkeys((*paths, *elsewhere)):
            value = values.get(path)
            if "{" in path:
                patterns.append((path, value))
            else:
                taken = (here for other, here in patterns if _regex(other).match(path))
                self._fixed.setdefault((method, path), next(taken, value))
        last = max((place for place, (_, value) in enumerate(patterns) if value is not None), default=-1)
        wanted = [path for path, value in patterns if value is not None]
        self._patterns[method] = tuple(
            (_regex(path).match, value)
            for path, value in patterns[: last + 1]
            if value is not None or any(overlap(path, other) for other in wanted)
        )
        # A fixed path of which nothing was said matters only where a pattern would take it.
        for fixed, value in list(self._fixed.items()):
            if fixed[0] == method and value is None and not self._matched(fixed):
                del self._fixed[fixed]

    def _matched(self, fixed: tuple[str, str]) -> bool:
        return any(matches(fixed[1]) for matches, _ in self._patterns[fixed[0]])


def _names(said: Iterable[str], paths: list[str]) -> dict[str, str]:
    """Return by which name each of the app's `paths` was spoken of.

    Types are part of a name where they are written; a name without them fits the path that has none, and
    another only where there is no such path.
    """
    exactly = {_TYPED.sub(r"{\1}", path): path for path in reversed(paths)}
    loosely = {_PARAMETER.sub("{}", path): path for path in reversed(paths)}
    found: dict[str, str] = {}
    for name in said:
        shape = _TYPED.sub(r"{\1}", name)
        path = exactly.get(shape) or (None if ":" in shape else loosely.get(_PARAMETER.sub("{}", name)))
        if path is not None:
            found.setdefault(path, name)
    return found


def _regex(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]


def overlap(a: str, b: str) -> bool:
    """Whether a path may match both templates, as far as can be told: yes when in doubt."""
    if _MANY.search(a) or _MANY.search(b):
        return True
    these, those = a.split("/"), b.split("/")
    return len(these) == len(those) and all(
        x == y or "{" in x or "{" in y for x, y in zip(these, those, strict=True)
    )
