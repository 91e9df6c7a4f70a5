"""Forms as tuples, which `marshal` writes and reads fast and which run nothing when they are read."""

from __future__ import annotations

from typing import Any

from holdfast.audit.source.form import Class, Function, Module, Parameter, Trouble

__all__ = ["packed", "unpacked"]


def packed(module: Module) -> tuple[Any, ...]:
    """Return a module as tuples; its path and aliases are not part of it."""
    return (
        module.lines,
        module.imports,
        module.stars,
        tuple(_function(one) for one in module.functions),
        tuple(_class(one) for one in module.classes),
        module.body,
        tuple((one.line, one.message) for one in module.troubles),
    )


def _function(one: Function) -> tuple[Any, ...]:
    parameters = tuple((each.name, each.annotation, each.default, each.kind) for each in one.parameters)
    return (
        *(one.index, one.name, one.line, one.end, one.asynchronous, one.generator, parameters, one.returns),
        *(one.decorators, one.body, one.owner, one.within),
    )


def _class(one: Class) -> tuple[Any, ...]:
    return (
        *(one.index, one.name, one.line, one.bases, one.keywords, one.decorators, one.functions, one.body),
        one.within,
    )


def unpacked(path: str, form: tuple[Any, ...]) -> Module:
    """Return the module that `packed` wrote, as the file `path`."""
    lines, imports, stars, functions, classes, body, troubles = form
    return Module(
        path,
        lines,
        imports,
        stars,
        [_unpacked_function(one) for one in functions],
        [Class(*one) for one in classes],
        body,
        tuple(Trouble(*one) for one in troubles),
    )


def _unpacked_function(one: tuple[Any, ...]) -> Function:
    index, name, line, end, asynchronous, generator, parameters, *rest = one
    made = tuple(Parameter(*each) for each in parameters)
    return Function(index, name, line, end, asynchronous, generator, made, *rest)
