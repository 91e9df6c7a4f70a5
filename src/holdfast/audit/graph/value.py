"""What an expression may be: abstract values.

A value is a tuple whose first element is one of the kinds below, so that values can be kept in sets.

    (MODULE, module)                    a module of the program, by its number
    (FUNCTION, module, function)        a def or a lambda, not bound to anything
    (BOUND, receiver, module, function) a method with its receiver
    (CLASS, module, class)              a class of the program
    (OBJECT, module, class)             an instance of it
    (OUTSIDE, path)                     something of a library: "requests.get", "httpx.AsyncClient"
    (MADE, path)                        what calling that gives: an instance, or a result
    (AWAITABLE, value)                  a coroutine that gives value
    (ITEMS, value)                      a container or iterator of value
    (PARTIAL, value)                    a callable that calls value
    (GIVER, value)                      a callable that gives value: `handlers.get`
    (TEXT, text)                        a text that is written in the source
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

__all__ = [
    "AWAITABLE",
    "BOUND",
    "CLASS",
    "FUNCTION",
    "GIVER",
    "ITEMS",
    "MADE",
    "MODULE",
    "MOST",
    "NOTHING",
    "OBJECT",
    "OUTSIDE",
    "PARTIAL",
    "TEXT",
    "Value",
    "Values",
    "attribute",
    "bounded",
    "ordered",
    "result",
    "union",
]

Value: TypeAlias = tuple[Any, ...]
Values: TypeAlias = frozenset[Value]

MODULE = "module"
FUNCTION = "function"
BOUND = "bound"
CLASS = "class"
OBJECT = "object"
OUTSIDE = "outside"
MADE = "made"
AWAITABLE = "awaitable"
ITEMS = "items"
PARTIAL = "partial"
GIVER = "giver"
TEXT = "text"

NOTHING: Values = frozenset()
"""Nothing is known."""

MOST = 12
"""Values of one expression: what may be more things than this is taken to be these."""

_DEEPEST = 3
"""Containers in containers that are told apart where a value is made of itself: `tree = [tree]`."""


def union(sets: Iterable[Values]) -> Values:
    """Return all that is in one of `sets`."""
    found: set[Value] = set()
    for each in sets:
        found |= each
    return frozenset(found)


def ordered(values: Values) -> tuple[Value, ...]:
    """Return values in an order that does not hang on the hashes of texts, which differ from run to run.

    Values of one kind are made alike, so that tuples compare.
    """
    return tuple(sorted(values)) if len(values) > 1 else tuple(values)


def bounded(values: Values) -> Values:
    """Return no more of `values` than are told apart: the first `MOST`, none nested too deeply."""
    shallow = [one for one in values if not _nested(one, _DEEPEST)]
    if len(shallow) == len(values) <= MOST:
        return values
    return frozenset(sorted(shallow)[:MOST])


def _nested(one: Value, depth: int) -> bool:
    while one[0] in (ITEMS, AWAITABLE, PARTIAL, GIVER):
        if not depth:
            return True
        one, depth = one[1], depth - 1
    return False


def attribute(path: str, name: str) -> str:
    """Return the path of `path.name`. Where that goes round (`query = query.where()`), it stays short."""
    parts = path.split(".")
    if parts.count(name) < 2:
        return f"{path}.{name}"
    return ".".join(parts[: len(parts) - parts[::-1].index(name)])


def result(path: str) -> str:
    """Return the path of what calling the instance `path` gives."""
    return path if path.endswith("()()") else f"{path}()"
