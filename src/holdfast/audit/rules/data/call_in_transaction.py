"""HF502: another service is called while a transaction is open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.leading import CALLS
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.reach import Edge
from holdfast.audit.graph.transactions import Transactions
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each call of another service after a write that was not committed."""
    transactions = Transactions(whole)
    for _, keys in groupby(sorted(whole.reach.edges), key=itemgetter(0)):
        seen: set[_Way] = set()
        for remote, write in sorted(_between(whole, transactions, keys), key=_length):
            # What a function does in a transaction, whoever calls it in one does as well.
            if seen.isdisjoint(_ends(remote)) and seen.isdisjoint(_ends(write)):
                seen |= {_way(remote), _way(write[-_BEGINS:])}
                yield _finding(whole, remote, write)


_Chain = tuple[Edge, ...]
_Way = tuple[tuple[FunctionKey, int, int], ...]
_BEGINS = 3
"""Calls that say which write it is: a `flush` and a `save` around it are everybody's."""


def _between(
    whole: Whole, transactions: Transactions, keys: Iterable[FunctionKey]
) -> Iterator[tuple[_Chain, _Chain]]:
    """Yield each call of another service in a transaction of a request, and the write that began it."""
    for key in keys:
        if whole.reach.entry(key) is not None and whole.reach.leads.get(key, 0) & CALLS:
            yield from transactions.effects(key).between


def _length(found: tuple[_Chain, _Chain]) -> int:
    return len(found[0]) + len(found[1])


def _way(chain: _Chain) -> _Way:
    return tuple((edge.caller, edge.site.line, edge.site.column) for edge in chain)


def _ends(chain: _Chain) -> Iterator[_Way]:
    """Yield the chain and what it ends with."""
    whole = _way(chain)
    return (whole[number:] for number in range(len(whole)))


def _finding(whole: Whole, remote: tuple[Edge, ...], write: tuple[Edge, ...]) -> Finding:
    place, began = remote[0], write[0]
    steps = [whole.step(edge.caller, edge.site.line, _called(whole, edge)) for edge in (*write, *remote)]
    through = f" through {whole.program.qualified(place.callee)}()" if place.callee is not None else ""
    return found(
        RULE,
        whole,
        place.caller,
        (place.site.line, place.site.column),
        f"{remote[-1].remote} is called{through} while a transaction is open, since line "
        f"{began.site.line}: its locks and its connection wait with it",
        "Commit before the call and note its result in a second transaction, or call from an outbox",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        chain=tuple(steps),
    )


def _called(whole: Whole, edge: Edge) -> str:
    if edge.callee is not None:
        return f"{whole.program.qualified(edge.callee)}()"
    return edge.remote or edge.query


RULE = Rule(
    code="HF502",
    name="call-in-transaction",
    what="Another service is called between a write and its commit.",
    why=(
        "Row locks and a connection are held for as long as the other side takes. When it slows down, "
        "requests for the same rows queue behind each other, then all requests for a connection."
    ),
    limits=(
        "A write is a flush, an insert, update or delete, or a select for update; of a read nothing is said, "
        "though its connection waits too. Two sessions in one function are taken for one."
    ),
    bad="""
import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/orders")
async def order(session: AsyncSession):
    session.add(object())
    await session.flush()
    await client.post("http://payments")
    await session.commit()
""",
    good="""
import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

app = FastAPI()
client = httpx.AsyncClient()

@app.post("/orders")
async def order(session: AsyncSession):
    session.add(object())
    await session.flush()
    await session.commit()
    await client.post("http://payments")
""",
    find=find,
    by_module=True,
)
