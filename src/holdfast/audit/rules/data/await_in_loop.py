"""HF505: calls of one service, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.calls import calls_in, requested
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FARTHEST = 3
_READS = ("get", "head", "embeddings.create", "aembedding")
"""Calls that only ask: their order does not matter to the other side."""
_WALKS = frozenset({"values", "items", "keys", "enumerate", "zip", "set", "sorted"})
_LEAVES = frozenset({form.RETURN, form.BREAK})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each loop that awaits a read of another service in each turn, one by one."""
    for key in requested(whole):
        function = whole.program.function(key)
        if not function.asynchronous:
            continue
        independent = {id(call) for loop in _loops(function.body) for call in loop}
        for edge in whole.reach.edges[key]:
            if not edge.site.awaited or id(edge.site.expression) not in independent:
                continue
            chain = _to_read(whole, edge)
            if chain:
                independent.discard(id(edge.site.expression))
                yield _finding(whole, key, chain)


def _loops(body: tuple[Statement, ...]) -> Iterator[list[Expression]]:
    """Yield the calls of each loop whose turns do not need each other."""
    for statement in statements(body):
        walks = statement[0] == form.FOR and not statement[3] and _is_many(statement[2])
        if walks and _is_free(statement):
            yield [call for call in calls_in(statement[4]) if _names(statement[1]) & _names(call)]
        for value in own(statement):
            for part in parts(value):
                if part[0] == form.COMP and not any(generator[3] for generator in part[3]):
                    target, iterable, _, _ = part[3][0]
                    if _is_many(iterable):
                        inside = [one for one in parts(part[2]) if one[0] == form.CALL]
                        yield [call for call in inside if _names(target) & _names(call)]


def _is_many(over: Expression) -> bool:
    """Whether a loop may have many turns, and does not count attempts."""
    return over[0] in (form.NAME, form.ATTR) or (over[0] == form.CALL and word(over[1]) in _WALKS)


def _is_free(loop: Statement) -> bool:
    """Whether no turn of a loop decides about another one: by leaving, waiting, or a name it hands on."""
    inner = list(statements(loop[4]))
    if any(one[0] in _LEAVES or one[0] == form.WHILE for one in inner):
        return False
    if any("sleep" in word(call[1]) or "limit" in word(call[1]) for call in calls_in(loop[4])):
        return False
    assigned = {name for one in inner if one[0] in (form.ASSIGN, form.ANNOTATE) for name in _names(one[1])}
    before: set[str] = set()
    for one in inner:
        for value in own(one):
            # A name that is read in a turn before the turn assigns it comes from the turn before.
            if value is not one[1] and _names(value) & assigned - before:
                return False
        if one[0] in (form.ASSIGN, form.ANNOTATE):
            before |= _names(one[1])
    return True


def _names(value: Expression) -> set[str]:
    return {part[1] for part in parts(value) if part[0] == form.NAME}


def _to_read(whole: Whole, edge: Edge) -> tuple[Edge, ...]:
    """Return the chain from a call to the read that it awaits; () where it does anything else as well."""
    if edge.remote:
        return (edge,) if edge.remote.endswith(_READS) else ()
    chain: tuple[Edge, ...] = (edge,)
    while chain[-1].callee is not None and len(chain) <= _FARTHEST:
        edges = whole.reach.edges.get(chain[-1].callee, ())
        asks = [one for one in edges if one.remote or (one.callee is not None and one.site.awaited)]
        if (
            any(one.query or one.sink is not None for one in edges)
            or len(asks) != 1
            or not asks[0].site.awaited
        ):
            return ()
        chain = (*chain, asks[0])
        if asks[0].remote:
            return chain if asks[0].remote.endswith(_READS) else ()
    return ()


def _finding(whole: Whole, key: FunctionKey, chain: tuple[Edge, ...]) -> Finding:
    place = chain[0].site
    called = chain[-1].remote
    through = f" through {whole.program.qualified(chain[0].callee)}()" if chain[0].callee is not None else ""
    steps = tuple(whole.step(edge.caller, edge.site.line, edge.remote) for edge in chain[1:])
    return found(
        RULE,
        whole,
        key,
        (place.line, place.column),
        f"each turn waits for {called}{through} before the next one asks: the waits add up",
        "Ask for several at a time, with a bound: `asyncio.gather` over calls that share a semaphore",
        confidence=Confidence.MEDIUM,
        chain=(*whole.chain(key, place.line, called if len(chain) == 1 else ""), *steps),
    )


RULE = Rule(
    code="HF505",
    name="await-in-loop",
    what="A loop asks another service for one thing after the other, though no turn needs the last.",
    why=(
        "Twenty things at 50 ms are a second, of which the service does nothing but wait. A few at a time "
        "take a fifth of that, and the other side hardly notices."
    ),
    limits=(
        "Only reads, in loops that nothing leaves early and no name ties together. That the other side "
        "limits how often it may be asked is not known."
    ),
    bad="""
import httpx
from fastapi import FastAPI

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/prices")
async def prices(urls: list[str]):
    found = []
    for url in urls:
        response = await client.get(url)
        found.append(response.json())
    return found
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
        return (await client.get(url)).json()

@app.post("/prices")
async def prices(urls: list[str]):
    return await asyncio.gather(*[price(url) for url in urls])
""",
    find=find,
    by_module=True,
)
