"""HF701: a cache that only grows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.given import given
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Module, Statement
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE", "dicts"]

_SHRINKS = frozenset({"pop", "popitem", "clear"})
_MAKERS = frozenset({"dict", "defaultdict", "OrderedDict"})
_SETTINGS = re.compile(r"config|settings|^conf$|^env", re.IGNORECASE)
_OPEN = frozenset({"str", "int", "bytes", "float", "UUID", "UUID4", "datetime", "date"})
"""Types of which there are as many values as clients send."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each dict of a module that requests fill, and for each cache without a size."""
    routes = {root.function for root in whole.roots if root.kind == "route"}
    for number, module in whole.program.numbered():
        growing = dicts(module)
        if growing:
            bounded = _bounded(module)
            for key, function in _requested(whole, number, module):
                sure = Confidence.MEDIUM if key in routes else Confidence.LOW
                yield from _filled(whole, key, function, growing - bounded, sure)
    for key in sorted(whole.reach.edges):
        function = whole.program.function(key)
        if whole.reach.entry(key) is not None and _decided_by_clients(function):
            yield from _cached(whole, key, function)


def dicts(module: Module) -> set[str]:
    """Return the names that the module binds to an empty dict."""
    found = set()
    for statement in module.body:
        target = statement[1] if statement[0] in (form.ASSIGN, form.ANNOTATE) else None
        value = statement[2] if statement[0] == form.ASSIGN else statement[3] if target is not None else None
        if target is None or target[0] != form.NAME or value is None:
            continue
        empty = value[0] == form.DICT and not value[1]
        made = value[0] == form.CALL and word(value[1]) in _MAKERS and not value[3]
        if empty or made:
            found.add(target[1])
    return found


def _bounded(module: Module) -> set[str]:
    """Return the names that something takes from, measures, hands on or sets anew."""
    found: set[str] = set()
    for body in (module.body, *(function.body for function in module.functions)):
        for statement in statements(body):
            if statement[0] == form.GLOBAL:
                found.update(statement[1])
            if statement[0] == form.DO and statement[1][0] == form.OP:  # `del d[key]`, among others
                found.update(_names(statement[1][1]))
            for value in own(statement):
                found.update(_taken(value))
    return found


def _names(values: tuple[Expression, ...]) -> Iterator[str]:
    for value in values:
        if value[0] == form.SUB and value[1][0] == form.NAME:
            yield value[1][1]


def _taken(value: Expression) -> Iterator[str]:
    for part in parts(value):
        if part[0] == form.ATTR and part[2] in _SHRINKS and part[1][0] == form.NAME:
            yield part[1][1]
        if part[0] == form.CALL:
            for argument in (*part[2], *(each for _, each in part[3])):
                if argument[0] == form.NAME:
                    yield argument[1]


def _requested(whole: Whole, number: int, module: Module) -> Iterator[tuple[FunctionKey, Function]]:
    for function in module.functions:
        key = (number, function.index)
        if key in whole.reach.edges and whole.reach.entry(key) is not None:
            yield key, function


def _filled(
    whole: Whole, key: FunctionKey, function: Function, names: set[str], sure: Confidence
) -> Iterator[Finding]:
    parameters = {
        one.name for one in function.parameters if one.annotation is None or word(one.annotation) in _OPEN
    }
    for statement in statements(function.body):
        name = _put(statement, parameters)
        if name in names and not whole.program.scope(key).binds(name):
            message = f"`{name}` gets an entry for each `{_key(statement)}` and never loses one"
            yield found(RULE, whole, key, (statement[-1], 0), message, _FIX, confidence=sure)


def _put(statement: Statement, parameters: set[str]) -> str:
    if statement[0] == form.ASSIGN and statement[1][0] == form.SUB and statement[1][1][0] == form.NAME:
        index = statement[1][2]
        if index[0] == form.NAME and index[1] in parameters:
            return str(statement[1][1][1])
    return ""


def _key(statement: Statement) -> str:
    return str(statement[1][2][1])


def _decided_by_clients(function: Function) -> bool:
    own_parameters = function.parameters[1 if function.owner is not None else 0 :]
    return any(one.annotation is not None and word(one.annotation) in _OPEN for one in own_parameters)


def _cached(whole: Whole, key: FunctionKey, function: Function) -> Iterator[Finding]:
    for decorator in function.decorators:
        target = decorator[1] if decorator[0] == form.CALL else decorator
        paths = set(whole.named(target, key[0]))
        none = decorator[0] == form.CALL and (
            ("maxsize", (form.CONST, None)) in decorator[3] or decorator[2][:1] == ((form.CONST, None),)
        )
        if "functools.cache" in paths or ("functools.lru_cache" in paths and none):
            message = f"{function.name}() keeps every answer that it ever gave"
            sure = Confidence.LOW if _is_asked_for_few(whole, key, function) else Confidence.MEDIUM
            yield found(RULE, whole, key, (function.line, 0), message, _FIX, confidence=sure)


def _is_asked_for_few(whole: Whole, key: FunctionKey, function: Function) -> bool:
    """Whether a function is asked for few things: what its caller has written, a setting, what it knows."""
    if any(one[0] == form.RAISE for one in statements(function.body)):
        return True  # what it does not know raises, and is not kept
    way = whole.reach.way(key)
    call = way[-1].site.expression if way else None
    if call is None or call[0] != form.CALL:
        return False
    brought = given(function, call)
    opened = [
        one.name
        for one in function.parameters
        if one.annotation is not None and word(one.annotation) in _OPEN
    ]
    return bool(brought) and all(_is_setting(brought[name]) for name in opened if name in brought)


def _is_setting(value: Expression) -> bool:
    return value[0] in (form.TEXT, form.CONST, form.NUMBER) or any(
        _SETTINGS.search(word(part)) for part in parts(value)
    )


_FIX = "Give it a largest size and a lifetime: `lru_cache(maxsize=...)`, `cachetools.TTLCache`"

RULE = Rule(
    code="HF701",
    name="unbounded-cache",
    what="A cache that requests fill has no largest size.",
    why=(
        "It grows with every key that a client sends, until the kernel ends the worker. It is no leak that a "
        "test shows: it takes days of real traffic, or a minute of a hostile one."
    ),
    limits=(
        "A dict that is passed to a function, measured, or taken from in its module is left out; one that no "
        "route fills itself has low confidence: its keys may be few."
    ),
    bad="""
from fastapi import FastAPI

app = FastAPI()
seen = {}

@app.get("/rates/{currency}")
async def rates(currency: str):
    seen[currency] = 1
    return seen[currency]
""",
    good="""
from functools import lru_cache
from fastapi import FastAPI

app = FastAPI()

@lru_cache(maxsize=256)
def rate(currency: str):
    return 1

@app.get("/rates/{currency}")
async def rates(currency: str):
    return rate(currency)
""",
    find=find,
    by_module=True,
)
