"""HF501: a query for each turn of a loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.leading import ASKS
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.calls import requested
from holdfast.audit.rules.data.lookup import is_lookup
from holdfast.audit.rules.data.loops import Loop, loops, names
from holdfast.audit.rules.data.per_element import doubtful, is_write
from holdfast.audit.rules.data.waiting import is_waited_for
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FARTHEST = 5
"""Calls between the loop and the query that are followed."""
_LAZY = "awaitable_attrs."
"""What a row loads of its own, whoever asks it to: an eager load replaces it."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each loop of a request in whose turns a query is reached."""
    for key in requested(whole):
        by_loop: dict[tuple[int, str], list[tuple[Edge, ...]]] = {}
        for edge in whole.reach.edges[key]:
            over = edge.site.over
            chain = _to_query(whole, edge) if over is not None and not _counts(over) else ()
            if chain:
                # What a loop looks up is mended together; relations are loaded eagerly one by one.
                relation = chain[-1].query if chain[-1].query.startswith(_LAZY) else ""
                by_loop.setdefault((id(over), relation), []).append(chain)
        if not by_loop:
            continue
        body = whole.program.function(key).body
        doubts, known = frozenset(doubtful(body)), {id(one.over): one for one in loops(body)}
        for (at, _), chains in by_loop.items():
            loop = known[at]
            worth = is_waited_for(whole, key, loop) and not _does_more(whole, key, loop)
            certain = (one for one in chains if worth and _is_certain(whole, one, doubts, loop))
            chain = next(certain, ())
            yield _finding(whole, chain or chains[0], Confidence.HIGH if chain else Confidence.LOW)


def _is_certain(whole: Whole, chain: tuple[Edge, ...], doubts: frozenset[int], loop: Loop) -> bool:
    """Whether each turn asks for a row of its own, that one query could bring with all the others."""
    call = chain[0].site.expression
    # `*permissions` are written down one by one where the function is called.
    several = {one.name for one in whole.program.function(chain[0].caller).parameters if one.kind == "args"}
    if word(loop.over) in several or id(call) in doubts or not names(call) & loop.of_turn():
        return False
    if chain[-1].query.startswith(_LAZY):
        return True
    return is_lookup(whole, chain) and all(_to_query(whole, other) for other in _instead(whole, chain[0]))


def _does_more(whole: Whole, key: FunctionKey, loop: Loop) -> bool:
    """Whether the turns of a loop change something as well, or call another service: they cost more than
    their lookups, and have an order."""
    return any(
        edge.remote or (edge.callee is not None and _changes(whole, edge.callee))
        for edge in whole.reach.edges[key]
        if edge.site.over is loop.over
    )


def _changes(whole: Whole, called: FunctionKey) -> bool:
    """Whether a function changes something elsewhere, by its name and by what it leads to."""
    return is_write(whole.program.function(called).name) and bool(whole.reach.leads.get(called, 0))


def _instead(whole: Whole, edge: Edge) -> Iterator[Edge]:
    """Yield what the same call may run as well: of a method of an interface, the other implementations."""
    for other in whole.reach.edges[edge.caller]:
        if other is not edge and other.site.expression is edge.site.expression and other.callee is not None:
            yield other


def _counts(over: Expression) -> bool:
    """Whether a loop repeats rather than walks: `for attempt in range(3)`."""
    return bool(over[0] == form.CALL and over[1] == (form.NAME, "range"))


def _to_query(whole: Whole, edge: Edge) -> tuple[Edge, ...]:
    """Return the shortest chain from `edge` to a query; empty where there is none."""
    queue: deque[tuple[Edge, ...]] = deque([(edge,)])
    seen = set()
    while queue:
        chain = queue.popleft()
        last = chain[-1]
        if last.query:
            return chain
        if last.callee is None or last.callee in seen or len(chain) > _FARTHEST:
            continue
        if not whole.reach.leads.get(last.callee, 0) & ASKS:
            continue
        seen.add(last.callee)
        queue.extend((*chain, following) for following in whole.reach.behind(last))
    return ()


def _finding(whole: Whole, chain: tuple[Edge, ...], confidence: Confidence) -> Finding:
    place = chain[0]
    through = f" through {whole.program.qualified(place.callee)}()" if place.callee is not None else ""
    steps = [whole.step(edge.caller, edge.site.line) for edge in whole.reach.way(place.caller)]
    steps += [whole.step(edge.caller, edge.site.line, edge.query) for edge in chain]
    return found(
        RULE,
        whole,
        place.caller,
        (place.site.line, place.site.column),
        f"each turn of this loop asks the database{through} ({chain[-1].query})",
        "Ask once for all: one query with `IN (...)`, a join, or an eager load (`selectinload`)",
        confidence=confidence,
        chain=tuple(steps),
    )


RULE = Rule(
    code="HF501",
    name="query-in-loop",
    what="A query is made for each element of what a loop goes over.",
    why=(
        "A page of fifty rows becomes fifty-one trips to the database, one after the other, each with its "
        "wait for a connection. It is fast in a test with three rows, and the slowest route in production."
    ),
    limits=(
        "A `while`, and a `for` over `range`, are taken to page or to retry. Loops that are left early, that "
        "note answers by key, that flush a row which they add, that go over constants or chunks, that change "
        "something or call another service as well, or that do a larger piece of work in each turn, are "
        "shown only at low confidence; so are imports and the like, and what routes that write lead to, "
        "unless the client says how many turns there are."
    ),
    bad="""
from typing import Annotated
from fastapi import Depends, FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()

@app.get("/orders")
async def orders(ids: list[int], session: AsyncSession):
    return [await session.scalar(select(1).where(id == 1)) for id in ids]
""",
    good="""
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()

@app.get("/orders")
async def orders(ids: list[int], session: AsyncSession):
    return (await session.scalars(select(1).where(id in ids))).all()
""",
    find=find,
    by_module=True,
)
