"""The routes of a program with what their decorators declare of the response."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.roots import Root
from holdfast.audit.rules.calls import keyword
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["Route", "returned", "routes"]

_VERBS = frozenset({"get", "post", "put", "patch", "delete", "route", "api_route"})
_NONE = (form.CONST, None)


@dataclass(frozen=True, slots=True)
class Route:
    """`model`: the type of the response that is declared, by `response_model` or by the annotation; None
    where none is. `other_class`: the decorator names a response class."""

    key: FunctionKey
    function: Function
    root: Root
    model: Expression | None
    other_class: bool

    @property
    def place(self) -> Place:
        """Where the declarations of the route stand."""
        return Place(self.key[0], self.function.within, self.function.owner)


def routes(whole: Whole) -> Iterator[Route]:
    """Yield the routes that are declared by a decorator."""
    seen = set()
    for root in whole.roots:
        if root.kind != "route" or root.function in seen:
            continue
        seen.add(root.function)
        function = whole.program.function(root.function)
        for decorator in function.decorators:
            if decorator[0] == form.CALL and word(decorator[1]) in _VERBS:
                declared = keyword(decorator, "response_model")
                model = function.returns if declared is None else declared
                if any(name is None for name, _ in decorator[3]):
                    break  # `**options` may declare anything
                yield Route(
                    root.function,
                    function,
                    root,
                    None if model == _NONE else model,
                    keyword(decorator, "response_class") is not None,
                )
                break


def returned(function: Function) -> Iterator[tuple[Expression, int]]:
    """Yield what a function returns, and in which line."""
    for statement in statements(function.body):
        if statement[0] == form.RETURN:
            yield statement[1], statement[2]
