"""How a file differs from what it was, for those that read it: by name, or to the letter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from holdfast.audit.source import form
from holdfast.audit.source.form import Class, Expression, Function, Module, Statement
from holdfast.audit.source.inside import bodies

__all__ = ["inside", "shape"]


def shape(module: Module) -> tuple[Any, ...]:
    """Return what other modules can learn of a module without looking into its functions; no positions.

    The bodies of functions are in it as far as they change what stands outside: names declared global,
    attributes that methods assign, and whether a method does nothing but raise.
    """
    return (
        module.imports,
        module.stars,
        _placeless(module.body),
        [_signature(module, one) for one in module.functions],
        [_class(one) for one in module.classes],
    )


def inside(module: Module) -> list[Any]:
    """Return the bodies of a module's functions; no positions."""
    return [_placeless(one.body) for one in module.functions]


def _signature(module: Module, one: Function) -> tuple[Any, ...]:
    parameters = [
        (each.name, each.kind, _placeless(each.annotation), _placeless(each.default))
        for each in one.parameters
    ]
    outer: set[str] = set()
    assigned: list[tuple[str, str]] = []
    for statement in _all(one.body):
        if statement[0] == form.GLOBAL:
            outer.update(statement[1])
        elif one.owner is not None and statement[0] in (form.ASSIGN, form.ANNOTATE):
            assigned.extend(_attributes(statement[1]))
    return (
        *(one.name, one.owner, one.within, one.asynchronous, one.generator, parameters),
        *(_placeless(one.returns), _placeless(one.decorators)),
        *(sorted(outer), assigned, all(each[0] == form.RAISE for each in one.body)),
    )


def _class(one: Class) -> tuple[Any, ...]:
    written = (one.bases, one.keywords, one.decorators, one.body)
    return one.name, one.within, one.functions, [_placeless(each) for each in written]


def _all(body: Iterable[Statement]) -> Iterator[Statement]:
    for statement in body:
        yield statement
        for inner in bodies(statement):
            yield from _all(inner)


def _attributes(target: Expression) -> Iterator[tuple[str, str]]:
    """Yield the attributes of names that are assigned to, as a method does to `self`."""
    if target[0] == form.SEQ:
        for one in target[2]:
            yield from _attributes(one)
    elif target[0] == form.SUB:
        yield from _attributes(target[1])
    elif target[0] == form.ATTR and target[1][0] == form.NAME:
        yield target[1][1], target[2]


def _placeless(value: Any) -> Any:
    """Return a form without its lines and columns.

    Those of a call are its last two elements, those of a statement its last; a handler of a `try` has a line
    and no tag.
    """
    if not isinstance(value, tuple) or not value:
        return value
    tag = value[0]
    if type(tag) is not int:
        return tuple(_placeless(one) for one in value if type(one) is not int)
    end = -1 if tag >= form.ASSIGN else -2 if tag == form.CALL else None
    return (tag, *map(_placeless, value[1:end]))
