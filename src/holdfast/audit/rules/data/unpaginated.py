"""HF504: a list with as many rows as there are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.source.inside import parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_NARROWS = frozenset(
    {
        *("limit", "where", "filter", "filter_by", "join", "slice", "offset", "fetch", "having", "group_by"),
        *("outerjoin", "select_from", "distinct", "in_", "first", "one", "partitions", "yield_per", "params"),
    }
)
_FEW = re.compile(r"(?<![a-z])(admin|superuser|super_user|staff)", re.IGNORECASE)
_SELECTS = ("sqlalchemy.select", "sqlalchemy.future.select", "sqlmodel.select", "sqlalchemy.orm.Query")


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each route that returns all rows of a select that nothing narrows."""
    for root in whole.roots:
        if root.kind != "route" or not root.name.startswith("GET") or root.function not in whole.reach.edges:
            continue
        key = root.function
        function = whole.program.function(key)
        for call in _returned(function):
            if _is_whole_table(whole, key, call):
                yield found(
                    RULE,
                    whole,
                    key,
                    (call[4], call[5]),
                    "this returns every row of a table, however many there will be",
                    "Page it: a limit with a largest value, and the last key as where to go on",
                    confidence=Confidence.LOW if _is_for_few(whole, key, root.name) else Confidence.MEDIUM,
                )


def _is_for_few(whole: Whole, key: FunctionKey, route: str) -> bool:
    """Whether administrators ask, by the route, its file or what it injects: for short lists, as a rule."""
    function = whole.program.function(key)
    injected = (
        word(part)
        for parameter in function.parameters
        for expression in (parameter.annotation, parameter.default)
        if expression is not None
        for part in parts(expression)
    )
    return any(_FEW.search(name) for name in (route, whole.path(key[0]), function.name, *injected))


def _returned(function: Function) -> Iterator[Expression]:
    """Yield each `.all()` that the function returns, by itself or by a name."""
    names = {
        one[1][1] for one in statements(function.body) if one[0] == form.RETURN and one[1][0] == form.NAME
    }
    for statement in statements(function.body):
        named = statement[0] == form.ASSIGN and statement[1][0] == form.NAME and statement[1][1] in names
        if statement[0] == form.RETURN or named:
            value = statement[1] if statement[0] == form.RETURN else statement[2]
            while value[0] == form.AWAIT:
                value = value[1]
            if value[0] == form.CALL and value[1][0] == form.ATTR and value[1][2] == "all" and not value[2]:
                yield value


def _is_whole_table(whole: Whole, key: FunctionKey, call: Expression) -> bool:
    selects = False
    for part in _resolved(whole, key, call):
        if part[0] == form.ATTR and part[2] in _NARROWS:
            return False
        if part[0] == form.CALL:
            for path in whole.named(part, key):
                if not _NARROWS.isdisjoint(path.split(".")):
                    return False
                selects = selects or path.startswith(_SELECTS)
    return selects


def _resolved(whole: Whole, key: FunctionKey, value: Expression) -> Iterator[Expression]:
    """Yield the parts of an expression, and of what its names were assigned."""
    scope, seen, queue = whole.program.scope(key), set(), [value]
    while queue:
        for part in parts(queue.pop()):
            yield part
            if part[0] == form.NAME and part[1] not in seen:
                seen.add(part[1])
                queue.extend(scope.values.get(part[1], ()))


RULE = Rule(
    code="HF504",
    name="unpaginated-list",
    what="A route returns all rows of a table.",
    why=(
        "It is fast as long as the table is small. Rows become objects, and objects JSON, on the event loop: "
        "ten thousand of them stop the worker for a second, and take its memory."
    ),
    limits=(
        "A select with any condition is taken to be narrow; that a table stays small is not known. Low "
        "confidence where only administrators ask."
    ),
    bad="""
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()

@app.get("/orders")
async def orders(session: AsyncSession):
    return (await session.scalars(select(Order))).all()
""",
    good="""
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()

@app.get("/orders")
async def orders(session: AsyncSession, after: int = 0):
    return (await session.scalars(select(Order).where(Order.id > after).limit(100))).all()
""",
    find=find,
    by_module=True,
)
