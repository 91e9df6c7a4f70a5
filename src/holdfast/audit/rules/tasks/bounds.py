"""How many things at a time: what a client gives, and what bounds it."""

from __future__ import annotations

from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import functions
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import own, parts
from holdfast.audit.whole import Whole

__all__ = ["bounded", "bounded_call", "given"]

_BOUNDS = ("sem", "limit", "slot", "bulkhead", "throttle")
_LISTS = frozenset({"list", "List", "Sequence", "Iterable", "set", "Set"})


def given(function: Function, over: Expression) -> str:
    """Return the parameter, or its attribute, that a loop of a route goes over; "" for anything else."""
    for parameter in function.parameters:
        if over == (form.NAME, parameter.name) and _is_list(parameter.annotation):
            return parameter.name
        if over[0] == form.ATTR and over[1] == (form.NAME, parameter.name):
            return f"{parameter.name}.{over[2]}"
    return ""


def bounded(function: Function) -> bool:
    """Whether the function enters something that is named like a bound."""
    return any(
        any(bound in str(part[-1]).lower() for bound in _BOUNDS)
        for statement in statements(function.body)
        if statement[0] == form.WITH
        for value in own(statement)
        for part in parts(value)
        if part[0] in (form.NAME, form.ATTR)
    )


def bounded_call(whole: Whole, key: FunctionKey, call: Expression) -> bool:
    """Whether what a call runs enters a bound."""
    return any(bounded(whole.program.function(one)) for one in functions(whole, call[1], key))


def _is_list(annotation: Expression | None) -> bool:
    return (
        annotation is not None
        and annotation[0] == form.SUB
        and any(part[0] == form.NAME and part[1] in _LISTS for part in parts(annotation))
        and not any(
            part[0] == form.CALL and any(name == "max_length" for name, _ in part[3])
            for part in parts(annotation)
        )
    )
