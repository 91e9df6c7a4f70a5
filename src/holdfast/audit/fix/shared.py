"""What a function writes that is not its own: globals, and parts of what it was given or finds outside."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts
from holdfast.audit.whole import Whole

__all__ = ["written"]

_CHANGES = frozenset(
    {
        *("append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "remove"),
        *("discard", "clear"),
    }
)
"""Methods by which containers of Python are changed."""

_OF_THE_REQUEST = ("fastapi.", "starlette.")
"""Requests, responses and the like: what belongs to one request, however far it is handed on."""


def written(whole: Whole, key: FunctionKey) -> Iterator[str]:
    """Yield what a function writes that others may see, as the source has it: "cache[...]", "self.last"."""
    function = whole.program.function(key)
    if function.name == "__init__":
        return
    mine = {name for one in statements(function.body) for name in _made(one)}
    for statement in statements(function.body):
        if statement[0] == form.GLOBAL:
            yield from statement[1]
        target = statement[1] if statement[0] in (form.ASSIGN, form.ANNOTATE) else None
        if target is not None and target[0] in (form.ATTR, form.SUB):
            yield from _of_others(whole, key, target, mine)
        for value in own(statement):
            for part in parts(value):
                if _changes(whole, key, part):
                    yield from _of_others(whole, key, part[1], mine)


def _changes(whole: Whole, key: FunctionKey, part: Expression) -> bool:
    """Whether a call changes a container, as far as is known: not something with methods of its own."""
    if part[0] != form.CALL or part[1][0] != form.ATTR or part[1][2] not in _CHANGES:
        return False
    values = whole.inference.values(part[1][1], Place(*key))
    return not any(one[0] in (v.MADE, v.OBJECT) for one in values)


def _of_others(whole: Whole, key: FunctionKey, target: Expression, mine: set[str]) -> Iterator[str]:
    """Yield how an attribute or an item is shown, unless it hangs on something of this call's own."""
    words: list[str] = []
    while target[0] in (form.ATTR, form.SUB):
        words.append(str(target[2]) if target[0] == form.ATTR else "[]")
        target = target[1]
    if target[0] != form.NAME or target[1] in mine or _of_the_request(whole, key, target):
        return
    yield ".".join([str(target[1]), *reversed(words)]).replace(".[]", "[...]")


def _of_the_request(whole: Whole, key: FunctionKey, name: Expression) -> bool:
    values = whole.inference.values(name, Place(*key))
    return bool(values) and all(one[0] == v.MADE and one[1].startswith(_OF_THE_REQUEST) for one in values)


def _made(statement: Statement) -> Iterator[str]:
    """Yield the names that a statement binds in the function."""
    if statement[0] in (form.ASSIGN, form.ANNOTATE) and statement[1][0] == form.NAME:
        yield statement[1][1]
    if statement[0] == form.WITH:
        for _, target in statement[1]:
            if target is not None and target[0] == form.NAME:
                yield target[1]
    if statement[0] == form.FOR and statement[1][0] == form.NAME:
        yield statement[1][1]
