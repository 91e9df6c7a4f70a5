"""HF203: an engine whose pool is the library's default."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.sites import Site, sites
from holdfast.audit.rules.calls import calls
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
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
_ASIDE = ("alembic", "migration", "revisions", "versions", "script", "backup")
"""Beginnings of folders whose engines serve no requests."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each engine made without a word about its pool, of a project with routes."""
    if not any(root.kind == "route" for root in whole.roots):
        return
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
                own = (one[-2], one[-1]) if one[0] in ("function", "bound") else None
                made = own in handing or (one[0] == "outside" and whole.library.canonical(one[1]) in _ENGINES)
                if made and not _sized(site.expression) and not _is_sqlite(whole, site.expression, place):
                    path = handing[own] if own in handing else one[1]
                    yield _finding(whole, number, function, site, path)
                    break


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


def _is_sqlite(whole: Whole, call: Expression, place: Place) -> bool:
    given = [*call[2][:1], *(value for name, value in call[3] if name == "url")]
    return any(
        one[0] == "text" and one[1].startswith("sqlite")
        for value in given
        for one in whole.inference.values(value, place)
    )


def _finding(whole: Whole, module: int, function: int | None, site: Site, path: str) -> Finding:
    chain = (whole.step((module, function), site.line, path),) if function is not None else ()
    return Finding(
        rule=RULE.code,
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        file=whole.path(module),
        line=site.line,
        column=site.column + 1,
        message="this engine has the default pool: 5 connections, 10 more, and 30 s of waiting for one",
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
    limits="Options that are handed over as `**options` are taken to hold a size. SQLite is left out.",
    bad="""
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
engine = create_async_engine("postgresql+asyncpg://db/shop")

@app.get("/orders")
async def orders(): ...
""",
    good="""
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine

app = FastAPI()
engine = create_async_engine("postgresql+asyncpg://db/shop", pool_size=8, max_overflow=0, pool_timeout=0.5)

@app.get("/orders")
async def orders(): ...
""",
    find=find,
    gathers=(_handing, _called),
)
