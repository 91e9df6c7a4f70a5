"""Which classes FastAPI makes of requests, and validates on the loop: bodies, parameters and dependencies."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.graph import value as v
from holdfast.audit.graph.infer import Inference
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import ClassKey, FunctionKey
from holdfast.audit.graph.roots import roots
from holdfast.audit.graph.value import Value
from holdfast.audit.source import form
from holdfast.audit.source.form import Parameter

__all__ = ["is_validated"]

_ASKED = frozenset({"route", "websocket", "dependency"})
"""Kinds of roots whose parameters come from a request."""


def is_validated(inference: Inference, method: FunctionKey) -> bool:
    """Whether requests bring what a method belongs to; True for a function of no class."""
    owner = inference.program.function(method).owner
    if owner is None:
        return True
    found: frozenset[ClassKey] = inference.queries.ask(("brought by requests",), _brought, inference)
    return (method[0], owner) in found


def _brought(inference: Inference) -> frozenset[ClassKey]:
    """Return the classes of what requests bring, those of their fields, and all that these inherit from."""
    program = inference.program
    for number in range(len(program.modules)):
        inference.reads(number, inside=True)
    found: set[ClassKey] = set()
    queue = list(_parameters(inference))
    while queue:
        key = queue.pop()
        for at in inference.family.lineage(key):
            if at not in found:
                found.add(at)
                for written in program.class_scope(at).annotations.values():
                    values = inference.types.typed(written, Place(at[0], None, at[1]))
                    queue.extend(one for value in values for one in _class(value))
    return frozenset(found)


def _parameters(inference: Inference) -> Iterator[ClassKey]:
    program = inference.program
    for root in roots(program, inference):
        if root.kind in _ASKED:
            function = program.function(root.function)
            place = Place(root.function[0], function.within, function.owner)
            for parameter in function.parameters:
                yield from _of(inference, parameter, place)


def _of(inference: Inference, parameter: Parameter, place: Place) -> Iterator[ClassKey]:
    if parameter.annotation is not None:
        for value in inference.types.typed(parameter.annotation, place):
            yield from _class(value)
    default = parameter.default
    if default is not None and default[0] == form.CALL:
        for argument in default[2]:
            for one in inference.values(argument, place):
                if one[0] == v.CLASS:
                    yield one[1], one[2]


def _class(value: Value) -> Iterator[ClassKey]:
    while value[0] in (v.ITEMS, v.AWAITABLE):
        value = value[1]
    if value[0] == v.OBJECT:
        yield value[1], value[2]
