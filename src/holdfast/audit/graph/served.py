"""Which modules a service consists of: those with routes, and what they import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.audit.whole import Whole

__all__ = ["served"]


def served(whole: Whole) -> frozenset[int]:
    """Return the modules that have a route or make an app, and all that these import, by number.

    Scripts and migrations that no route's module imports are not among them.
    """
    modules = range(len(whole.program.modules))
    known = [whole.inference.kept.ask(number, "imports", _known, whole, number) for number in modules]
    queue = [root.function[0] for root in whole.roots if root.kind in ("route", "websocket", "middleware")]
    queue += [number for number in modules if known[number][0]]
    seen: set[int] = set()
    while queue:
        module = queue.pop()
        if module not in seen:
            seen.add(module)
            queue.extend(known[module][1])
    return frozenset(seen)


def _known(whole: Whole, module: int) -> tuple[bool, tuple[int, ...]]:
    """Return whether a module makes an app, and what it imports."""
    whole.inference.reads(module, inside=True)
    made = "fastapi.FastAPI" in whole.program.modules[module].imports.values()
    return made, tuple(sorted(set(_imports(whole, module))))


def _imports(whole: Whole, module: int) -> Iterator[int]:
    program = whole.program
    paths = set(program.top[module].imports.values()) | set(program.modules[module].stars)
    for function in program.modules[module].functions:
        paths |= set(program.scope((module, function.index)).imports.values())
    for path in paths:
        if path.startswith("."):
            parts = program.finder.relative(module, path)
            found = [program.finder.at(parts), program.finder.at(parts[:-1])]
        else:
            dotted = tuple(path.split("."))
            found = [program.finder.find(module, dotted)]
            if len(dotted) > 1:
                found.append(program.finder.find(module, dotted[:-1]))
        yield from (one for one in found if one is not None)
