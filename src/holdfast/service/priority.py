"""How important a request is, before anything has been done for it: by its route, or a trusted caller's word.

Asked only when somebody would be turned away, so a class costs nothing while there is room. The route is the
one that the app will most likely take (`RouteTable`); what it took in the end is looked at afterwards, and
where the two disagree about the class it is counted: middleware that rewrites paths, or a budget that names a
route which is no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.types import Scope

from holdfast.budget.model.door import Admission
from holdfast.loop.route import template
from holdfast.policy.admission.priority import EXEMPT, NORMAL, OBSERVED, Class, priority
from holdfast.policy.mode import Mode, Modes
from holdfast.service.caller import Callers
from holdfast.service.gatekeeper.routes import Registered, RouteTable, registered

__all__ = ["Classifier", "classifier"]

_KEPT_OUT = {Mode.ENFORCE: 0, Mode.OBSERVE: OBSERVED, Mode.OFF: EXEMPT}
"""What is added to a priority by how far admission goes on a route."""

_WORDS = {kind.name.lower().encode("ascii"): priority(kind) for kind in Class}


class Classifier:
    """Call it with a scope: the priority, with the highest level of its class, and how far admission goes.

    `mismatched` is called with the route that the app took, where it has another class than was thought.
    """

    __slots__ = ("_by_route", "_callers", "_default", "_header", "_mismatched", "_table")

    def __init__(
        self,
        admission: Admission,
        callers: Callers,
        routes: Iterable[Registered] = (),
        mismatched: Callable[[str], object] = lambda route: None,
    ) -> None:
        modes = Modes.of(admission)
        classes = {route: priority(Class.SHEDDABLE) for route in admission.classes.sheddable}
        classes |= {route: priority(Class.CRITICAL) for route in admission.classes.critical}
        self._default = (NORMAL, _KEPT_OUT[modes.default])
        self._by_route = {
            route: (classes.get(route, NORMAL), _KEPT_OUT[modes.by_route.get(route, modes.default)])
            for route in dict.fromkeys((*classes, *modes.by_route))
        }
        self._table = RouteTable(self._by_route, routes) if self._by_route else None
        self._header = (admission.class_header or "").encode("ascii")
        self._callers = callers
        self._mismatched = mismatched

    def __call__(self, scope: Scope) -> int:
        """Return the priority of the request of `scope`: what a trusted caller says, else its route's."""
        found = self._table.find(scope) if self._table is not None and "method" in scope else None
        thought, kept_out = self._default if found is None else found
        if self._header and (said := self._said(scope)) is not None:
            thought = said
        return thought + kept_out

    def check(self, scope: Mapping[str, Any], thought: int) -> None:
        """Compare with the route that was taken; call it when the app is done with `scope`."""
        if self._header and self._said(scope) is not None:
            return
        taken = template(scope)
        if taken and "method" in scope:
            route = f"{scope['method']} {taken}"
            if sum(self._by_route.get(route, self._default)) != thought:
                self._mismatched(route)

    def _said(self, scope: Mapping[str, Any]) -> int | None:
        for name, value in scope["headers"]:
            if name == self._header:
                word = _WORDS.get(value.strip().lower())
                return word if word is not None and self._callers.trusted(scope) else None
        return None


def classifier(
    admission: Admission, callers: Callers, app: FastAPI, mismatched: Callable[[str], object]
) -> Classifier | None:
    """Return the classifier of a budget; None where all requests are alike, so that nobody is asked."""
    if not admission.classes and not admission.class_header and Modes.of(admission).uniform:
        return None
    return Classifier(admission, callers, registered(app), mismatched)
