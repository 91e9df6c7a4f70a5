"""HF501: a query for each turn of a loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding
from holdfast.audit.graph.leading import ASKS
from holdfast.audit.graph.reach import Edge
from holdfast.audit.rules.calls import requested
from holdfast.audit.rules.data.lookup import is_lookup
from holdfast.audit.rules.data.per_element import doubtful
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FARTHEST = 5
"""Calls between the loop and the query that are followed."""
_LAZY = "awaitable_attrs."
"""What a row loads of its own, whoever asks it to: an eager load replaces it."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each call in a `for` of a request from which a query is reached."""
    for key in requested(whole):
        seen = set()
        doubts: frozenset[int] | None = None
        for edge in whole.reach.edges[key]:
            at = (edge.site.line, edge.site.column)
            if edge.site.over is None or at in seen or _counts(edge.site.over):
                continue
            chain = _to_query(whole, edge)
            if chain:
                seen.add(at)
                if doubts is None:
                    doubts = frozenset(doubtful(whole.program.function(key).body))
                lookup = id(edge.site.expression) not in doubts and is_lookup(whole, chain)
                always = all(_to_query(whole, other) for other in _instead(whole, edge))
                certain = (lookup and always) or chain[-1].query.startswith(_LAZY)
                yield _finding(whole, chain, Confidence.HIGH if certain else Confidence.LOW)


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
        "note answers by key, that flush a row which they add, that go over constants, or that do a larger "
        "piece of work in each turn, are shown only at low confidence; so are imports and the like."
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
