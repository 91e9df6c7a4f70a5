"""HF203: an engine whose pool is the library's default."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.leading import ASKS
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.graph.sites import Site, sites
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Statement
from holdfast.audit.source.inside import own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_ENGINES = frozenset(
    {
        "sqlalchemy.create_engine",
        "sqlalchemy.engine.create_engine",
        "sqlalchemy.ext.asyncio.create_async_engine",
        "sqlmodel.create_engine",
    }
)
_SIZES = frozenset({"pool_size", "max_overflow", "poolclass", "pool", "creator"})
_MESSAGE = "this engine has the default pool: 5 connections, 10 more, and 30 s of waiting for one"
_ASIDE = ("alembic", "migration", "revisions", "versions", "script", "backup")
"""Beginnings of folders whose engines serve no requests."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each engine made without a word about its pool, of a project with routes."""
    if not any(root.kind == "route" for root in whole.roots):
        return
    threads = _threads_ask(whole)
    handing: dict[FunctionKey, str] = {}
    names = {"create_engine", "create_async_engine"}
    for number, functions in enumerate(gathered(whole, _handing)):
        for index, name, path in functions:
            handing[number, index] = path
            names.add(name)
    for number, called in enumerate(gathered(whole, _called)):
        for function, site in _calls(whole, number, names) if not called.isdisjoint(names) else ():
            place = Place(number, function)
            for one in whole.inference.values(site.expression[1], place):
                maker = (one[-2], one[-1]) if one[0] in ("function", "bound") else None
                made = maker in handing or (
                    one[0] == "outside" and whole.library.canonical(one[1]) in _ENGINES
                )
                if made and not _sized(site.expression) and not _serves_nobody(whole, site.expression, place):
                    path = handing[maker] if maker in handing else one[1]
                    exceeded = threads and "async" not in path
                    yield _finding(whole, number, function, site, path, exceeded=exceeded)
                    break


def _threads_ask(whole: Whole) -> bool:
    """Whether requests ask a database from worker threads: there are 40 of them (AnyIO's default)."""
    asking = (root.function for root in whole.roots if not root.on_loop)
    return any(whole.reach.leads.get(key, 0) & ASKS for key in asking)


def _handing(whole: Whole) -> tuple[tuple[int, str, str], ...]:
    """Return the functions of a module that hand their keyword arguments on to an engine: index, name, and
    the engine's path."""
    handing: list[tuple[int, str, str]] = []
    for key, function in whole.program.functions():
        rest = [one.name for one in function.parameters if one.kind == "kwargs"]
        for site in sites(function.body) if rest else ():
            call = site.expression
            if call[0] != form.CALL or (None, (form.NAME, rest[0])) not in call[3]:
                continue
            paths = () if _sized_by_name(call) else whole.named(call[1], key)
            handing.extend((key[1], function.name, path) for path in paths if path in _ENGINES)
    return tuple(handing)


def _called(whole: Whole) -> frozenset[str]:
    """Return the words of what a module of the service calls."""
    served = (number for number, _ in whole.program.numbered() if number in whole.served)
    return frozenset(word(site.expression[1]) for number in served for _, site in _calls(whole, number))


def _calls(whole: Whole, number: int, names: Collection[str] = ()) -> Iterator[tuple[int | None, Site]]:
    """Yield the calls of something so named, or of anything, in a module that may serve requests."""
    module = whole.program.modules[number]
    if any(part.startswith(_ASIDE) for part in module.path.split("/")[:-1]):
        return
    places: list[FunctionKey | int] = [number, *((number, one.index) for one in module.functions)]
    for where in places:
        for site in calls(whole, where, names):
            yield where[1] if isinstance(where, tuple) else None, site


def _sized_by_name(call: Expression) -> bool:
    return any(name in _SIZES for name, _ in call[3])


def _sized(call: Expression) -> bool:
    """Whether the call says how large the pool is; a `**` may. One that makes databases serves nobody."""
    return any(
        name is None or name in _SIZES or (name == "isolation_level" and value == (form.TEXT, "AUTOCOMMIT"))
        for name, value in call[3]
    )


def _serves_nobody(whole: Whole, call: Expression, place: Place) -> bool:
    """Whether an engine has no pool to speak of: of SQLite, or for what a function does by itself."""
    return _is_sqlite(whole, call, place) or (
        place.function is not None
        and _is_dropped(whole.program.function((place.module, place.function)), call)
    )


def _is_dropped(function: Function, call: Expression) -> bool:
    """Whether a function keeps what it makes in a name of its own, and hands it to nobody."""
    body = list(statements(function.body))
    names = {
        (form.NAME, one[1][1])
        for one in body
        if one[0] == form.ASSIGN and one[1][0] == form.NAME and any(part is call for part in parts(one[2]))
    }
    outer = {name for one in body if one[0] == form.GLOBAL for name in one[1]}
    if not names or any(name in outer for _, name in names):
        return False
    handed = (part for one in body for value in _handed(one) for part in parts(value))
    return names.isdisjoint(handed)


def _handed(statement: Statement) -> Iterator[Expression]:
    """Yield what a statement hands to others: returns, yields, keeps elsewhere, or calls something with."""
    if statement[0] == form.RETURN or (statement[0] == form.ASSIGN and statement[1][0] != form.NAME):
        yield from own(statement)
    for part in (part for value in own(statement) for part in parts(value)):
        if part[0] == form.CALL:
            yield from (*part[2], *(value for _, value in part[3]))
        elif part[0] == form.YIELD:
            yield part[1]


def _is_sqlite(whole: Whole, call: Expression, place: Place) -> bool:
    given = [*call[2][:1], *(value for name, value in call[3] if name == "url")]
    return any(
        one[0] == "text" and one[1].startswith("sqlite")
        for value in given
        for one in whole.inference.values(value, place)
    )


def _finding(
    whole: Whole, module: int, function: int | None, site: Site, path: str, *, exceeded: bool
) -> Finding:
    budgeted = whole.settings.has_budget(whole.path(module))
    chain = (whole.step((module, function), site.line, path),) if function is not None else ()
    return Finding(
        rule=RULE.code,
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH if exceeded else Confidence.MEDIUM if budgeted else Confidence.LOW,
        file=whole.path(module),
        line=site.line,
        column=site.column + 1,
        message=_MESSAGE + (", for the 40 threads that `def` routes run in" if exceeded else ""),
        chain=chain,
        fix="Set pool_size, max_overflow=0 and a pool_timeout below the deadline of the requests that wait",
    )


RULE = Rule(
    code="HF203",
    name="default-pool",
    what="A SQLAlchemy engine is made without a size of its pool.",
    why=(
        "The default is five connections and ten more, and 30 s of waiting for one, whatever the load, the "
        "workers and the database's own limit are. Under load requests wait for a connection long after "
        "their clients have left."
    ),
    limits=(
        "Options that are handed over as `**options` are taken to hold a size. SQLite is left out. Certain "
        "where more threads ask than it has connections, as is so by FastAPI's own defaults, or where a "
        "budget says how many it should have; else of low confidence: the load tells whether 15 are enough."
    ),
    bad="""
from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

app = FastAPI()
engine = create_engine("postgresql+psycopg://db/shop")

@app.get("/orders")
def orders():
    with Session(engine) as session:
        return session.scalar(select(1))
""",
    good="""
from fastapi import FastAPI
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

app = FastAPI()
engine = create_engine("postgresql+psycopg://db/shop", pool_size=40, max_overflow=0, pool_timeout=0.5)

@app.get("/orders")
def orders():
    with Session(engine) as session:
        return session.scalar(select(1))
""",
    find=find,
    gathers=(_handing, _called),
)
