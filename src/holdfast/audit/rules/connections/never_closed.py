"""HF204: a client or an engine of the whole process that nobody closes."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.sites import sites
from holdfast.audit.rules.calls import calls_in
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Module, Statement
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_CLOSING = {
    "aiohttp.ClientSession": frozenset({"close"}),
    "httpx.AsyncClient": frozenset({"aclose"}),
    "asyncpg.create_pool": frozenset({"close", "terminate"}),
    "sqlalchemy.ext.asyncio.create_async_engine": frozenset({"dispose"}),
    "redis.asyncio.Redis": frozenset({"aclose", "close"}),
    "redis.asyncio.from_url": frozenset({"aclose", "close"}),
    "elasticsearch.AsyncElasticsearch": frozenset({"close"}),
}
"""What closes each client whose connections belong to an event loop, and ought to end with it."""
_WORDS = frozenset[str]().union(*_CLOSING.values())
_ENTERING = frozenset({"enter_context", "enter_async_context", "push_async_callback", "push_async_exit"})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each such client that a module makes, where nothing closes its kind."""
    closed = frozenset[str]().union(*gathered(whole, _closed))
    entered = frozenset[str]().union(*gathered(whole, _entered))
    for number, made in enumerate(gathered(whole, _made)):
        for name, at, path in made:
            closes = _CLOSING[path]
            if not closes & closed and name not in entered:
                yield found(
                    RULE,
                    whole,
                    number,
                    at,
                    f"nothing closes this {path}: its connections are dropped when the process ends",
                    f"`await {name}.{min(closes)}()` after the `yield` of the app's lifespan",
                    severity=Severity.LOW,
                    confidence=Confidence.MEDIUM,
                )


def _made(whole: Whole) -> tuple[tuple[str, tuple[int, int], str], ...]:
    """Return what a module of the service makes at its top: its name, the place, and what is made."""
    made = []
    for number, module in whole.program.numbered():
        for statement in module.body if number in whole.served else ():
            value = statement[2] if statement[0] == form.ASSIGN else None
            if value is not None and value[0] == form.CALL and statement[1][0] == form.NAME:
                path = next((one for one in whole.named(value[1], number) if one in _CLOSING), "")
                if path:
                    made.append((statement[1][1], (value[4], value[5]), path))
    return tuple(made)


def _closed(whole: Whole) -> frozenset[str]:
    """Return the words that close something and are called: closing anything of a kind closes its client."""
    bodies = (body for _, module in whole.program.numbered() for body in (module.body, *_bodies(module)))
    return _WORDS & {word(call[1]) for body in bodies for call in calls_in(body)}


def _bodies(module: Module) -> Iterator[tuple[Statement, ...]]:
    return (function.body for function in module.functions)


def _entered(whole: Whole) -> frozenset[str]:
    """Return the names of what is entered, or handed to what enters it: `async with client`."""
    entered: set[str] = set()
    for _, function in whole.program.functions():
        for site in sites(function.body):
            expression = site.expression
            if site.entered:
                entered.add(word(expression))
            if expression[0] == form.CALL and word(expression[1]) in _ENTERING:
                entered.update(map(word, expression[2]))
    return frozenset(entered)


RULE = Rule(
    code="HF204",
    name="client-never-closed",
    what="A client or an engine of an event loop is made for the whole process and never closed.",
    why=(
        "At the end of a worker its connections are cut instead of closed: the other side keeps them until "
        "it notices, so that each deployment leaves dead connections behind and warnings in the log."
    ),
    limits=(
        "Told of clients that are made at the top of a module, where nothing in the program closes anything "
        "of their kind."
    ),
    bad="""
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
engine = create_async_engine("postgresql+asyncpg://db/shop", pool_size=8)

@app.get("/orders")
async def orders(): ...
""",
    good="""
from contextlib import asynccontextmanager
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

engine = create_async_engine("postgresql+asyncpg://db/shop", pool_size=8)

@asynccontextmanager
async def lifespan(app):
    yield
    await engine.dispose()

app = FastAPI(lifespan=lifespan)

@app.get("/orders")
async def orders(): ...
""",
    find=find,
    gathers=(_made, _closed, _entered),
)
