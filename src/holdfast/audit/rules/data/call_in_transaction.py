"""HF502: another service is called while a transaction is open."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.leading import CALLS
from holdfast.audit.graph.reach import Edge
from holdfast.audit.graph.transactions import Transactions
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.whole import Whole

__all__ = ["RULE"]


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each call of another service after a write that was not committed."""
    transactions = Transactions(whole)
    for key in sorted(whole.reach.edges):
        if whole.reach.entry(key) is None or not whole.reach.leads.get(key, 0) & CALLS:
            continue
        seen = set()
        for remote, write in transactions.effects(key).between:
            at = (remote[0].site.line, remote[0].site.column)
            if at not in seen:
                seen.add(at)
                yield _finding(whole, remote, write)


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
