"""Which routes ask who calls: by a dependency, of their own or of what they belong to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.audit.gathered import gathered
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls_in, keyword
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["WRITES", "Guarded", "Router", "guarded", "routed", "routers"]

Router = tuple[int, str]
"""The module that a router is made in, and its name there."""

EVERYTHING: Router = (-1, "")
"""All routers of an app that has dependencies itself."""

WRITES = frozenset({"post", "put", "patch", "delete"})

_VERBS = WRITES | {"get"}
_INJECTED = frozenset({"Depends", "Security"})
_GUARD = re.compile(
    r"auth|current|user|admin|permission|require|api_?key|token|credential|verify|principal|jwt|bearer|role"
    r"|scope|protect|login|identity|tenant|session_id|account|member|owner|access|allow|secur|guard|acl",
    re.IGNORECASE,
)
"""In the names of dependencies that know who calls."""
_TYPE = re.compile(r"auth|current|admin|principal|logged|credential|permission|token", re.IGNORECASE)
"""In the names of types that stand for such a dependency: `user: CurrentUser`."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A route, and the router that it is declared on.

    `asks`: who calls is asked. `may_ask`: so it may be, in a way that is not followed: another decorator, the
    request itself, a call by such a name in the body.
    """

    function: FunctionKey
    verb: str
    path: str
    line: int
    router: Router
    asks: bool
    may_ask: bool


def guarded(whole: Whole) -> Iterator[Guarded]:
    """Yield the routes that are declared by decorators, on routers that nothing guards as a whole.

    What asks for them gathers `routed` and `routers`.
    """
    behind = _behind(gathered(whole, routers))
    for number, routes in enumerate(gathered(whole, routed)):
        for index, verb, path, line, name, asks, may_ask in routes:
            if (number, name) not in behind and EVERYTHING not in behind:
                yield Guarded((number, index), verb, path, line, (number, name), asks, may_ask)


def routed(whole: Whole) -> tuple[tuple[int, str, str, int, str, bool, bool], ...]:
    """Return the routes of a module, each as the index of its function and what else `Guarded` says."""
    return tuple(_routed(whole))


def _routed(whole: Whole) -> Iterator[tuple[int, str, str, int, str, bool, bool]]:
    routes = {root.function for root in whole.roots if root.kind == "route"}
    for key in sorted(routes):
        function = whole.program.function(key)
        for decorator in function.decorators:
            target = decorator[1] if decorator[0] == form.CALL else ()
            if not target or target[0] != form.ATTR or target[2] not in _VERBS or target[1][0] != form.NAME:
                continue
            path = decorator[2][0][1] if decorator[2] and decorator[2][0][0] == form.TEXT else ""
            asks, may_ask = _asks(function, decorator), _may_ask(function)
            yield key[1], str(target[2]), path, function.line, str(target[1][1]), asks, may_ask


def _asks(function: Function, decorator: Expression) -> bool:
    if keyword(decorator, "dependencies") is not None:
        return True  # what gives no value is there to refuse
    for parameter in function.parameters:
        for expression in (parameter.annotation, parameter.default):
            if expression is not None and _injects_guard(expression):
                return True
        annotation = parameter.annotation
        if annotation is not None and any(_TYPE.search(word(part)) for part in parts(annotation)):
            return True
    return False


def _injects_guard(expression: Expression) -> bool:
    """Whether an expression injects something that knows who calls; what it is named decides."""
    return any(
        part[0] == form.CALL
        and word(part[1]) in _INJECTED
        and (word(part[1]) == "Security" or any(_GUARD.search(word(one)) for one in parts(part)))
        for part in parts(expression)
    )


def _may_ask(function: Function) -> bool:
    if len(function.decorators) > 1:
        return True
    if any(
        word(part) in ("Request", "HTTPConnection", "Header", "Cookie")
        for parameter in function.parameters
        for expression in (parameter.annotation, parameter.default)
        if expression is not None
        for part in parts(expression)
    ):
        return True
    return any(_GUARD.search(word(call[1])) for call in calls_in(function.body))


def routers(whole: Whole) -> tuple[frozenset[Router], frozenset[tuple[Router, Router]]]:
    """Return the routers that a module makes or includes with dependencies, and (outer, included) pairs."""
    found: set[Router] = set()
    inner: set[tuple[Router, Router]] = set()
    for number, module in whole.program.numbered():
        if not any(path.startswith("fastapi") for path in module.imports.values()):
            continue
        for statement in module.body:
            value = statement[2] if statement[0] == form.ASSIGN else None
            if value is not None and value[0] == form.CALL and keyword(value, "dependencies") is not None:
                found.add(EVERYTHING if word(value[1]) == "FastAPI" else (number, word(statement[1])))
        for body in (module.body, *(one.body for one in module.functions)):
            for call in calls_in(body):
                if word(call[1]) != "include_router" or not call[2]:
                    continue
                included = _router(whole, number, call[2][0])
                if keyword(call, "dependencies") is not None:
                    found.add(included)
                elif call[1][0] == form.ATTR:
                    inner.add((_router(whole, number, call[1][1]), included))
    return frozenset(found), frozenset(inner)


def _behind(
    declared: Sequence[tuple[frozenset[Router], frozenset[tuple[Router, Router]]]],
) -> set[Router]:
    """Return the routers that are guarded, and those included in one that is."""
    inner: dict[Router, set[Router]] = defaultdict(set)
    for _, pairs in declared:
        for outer, included in pairs:
            inner[outer].add(included)
    found = {router for guarding, _ in declared for router in guarding}
    queue = list(found)
    for router in queue:
        new = inner[router] - found
        found |= new
        queue.extend(new)
    return found


def _router(whole: Whole, number: int, expression: Expression) -> Router:
    """Return the router that an expression names: the module that it is made in, and its name there."""
    finder, imports = whole.program.finder, whole.program.top[number].imports
    names = [word(expression)]
    if expression[0] == form.ATTR and expression[1][0] == form.NAME:
        names = [expression[1][1], word(expression)]
    path = imports.get(names[0])
    if path is None:
        return number, names[-1]
    if path.startswith("."):
        *folders, name = (*finder.relative(number, path), *names[1:])
        module = finder.at(tuple(folders))
    else:
        *folders, name = (*path.split("."), *names[1:])
        module = finder.find(number, tuple(folders))
    return (module, name) if module is not None else (number, names[-1])
