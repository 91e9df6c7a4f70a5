"""HF302: as many calls at a time as the client likes."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.tasks.bounds import bounded, bounded_call, given
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each gather over a list that a route is given, where nothing bounds it."""
    routes = {root.function for root in whole.roots if root.kind == "route"}
    for key in sorted(routes):
        function = whole.program.function(key)
        if bounded(function):
            continue
        for site in calls(whole, key, {"gather"}):
            call = site.expression
            if "asyncio.gather" not in set(whole.named(call[1], key)):
                continue
            name = _gathered(whole, key, function, call)
            if name:
                yield found(
                    RULE,
                    whole,
                    key,
                    (site.line, site.column),
                    f"one request starts a call for each of `{name}` at a time: the client decides how many",
                    "Bound it: a semaphore around each call, and a largest length of the list",
                    confidence=Confidence.MEDIUM,
                    calls="asyncio.gather",
                )


def _gathered(whole: Whole, key: FunctionKey, function: Function, call: Expression) -> str:
    """Return the parameter that decides how many calls are gathered; "" where none does."""
    spread = [inner for one in call[2] if one[0] == form.OP for inner in one[1]]
    for value in list(spread):
        if value[0] == form.NAME:
            spread.extend(whole.program.scope(key).values.get(value[1], ()))
    for value in spread:
        if value[0] != form.COMP or value[2][0] != form.CALL or len(value[3]) != 1 or value[3][0][2]:
            continue
        if bounded_call(whole, key, value[2]):
            continue
        name = given(function, value[3][0][1])
        if name:
            return name
    return ""


RULE = Rule(
    code="HF302",
    name="unbounded-gather",
    what="A request starts as many calls at a time as the client sent things.",
    why=(
        "One request takes every connection of the pool, and the memory of all answers. A few such requests "
        "are an outage that no limit on requests prevents."
    ),
    limits="A bound is taken to be there where a `with` enters something named like one.",
    bad="""
import asyncio
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/prices")
async def prices(urls: list[str]):
    return len(await asyncio.gather(*[client.get(url) for url in urls]))
""",
    good="""
import asyncio
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()
semaphore = asyncio.Semaphore(8)

async def price(url):
    async with semaphore:
        return await client.get(url)

@app.post("/prices")
async def prices(urls: list[str]):
    return len(await asyncio.gather(*[price(url) for url in urls]))
""",
    find=find,
    by_module=True,
)
