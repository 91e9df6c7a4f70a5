"""HF403: what a dependency opened stays open when the route fails."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls_in, requested
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Function, Statement
from holdfast.audit.source.inside import bodies, own, parts, word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_CLOSES = frozenset({"close", "aclose", "release", "disconnect", "putconn", "shutdown", "quit"})
_TAKES = frozenset(
    {
        *("sqlalchemy.orm.sessionmaker()", "sqlalchemy.orm.Session", "sqlalchemy.orm.session.Session"),
        *("sqlalchemy.ext.asyncio.async_sessionmaker()", "sqlalchemy.ext.asyncio.AsyncSession"),
        *("sqlalchemy.engine.Connection", "sqlalchemy.ext.asyncio.AsyncConnection", "asyncpg.Connection"),
        *("psycopg2.extensions.connection", "psycopg.Connection", "psycopg.AsyncConnection"),
        *("pymysql.connections.Connection", "redis.asyncio.Redis", "httpx.AsyncClient"),
        *("aiohttp.ClientSession", "sqlalchemy.ext.asyncio.session.AsyncSession"),
    }
)
"""What holds a connection until it is closed."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each clean-up that an exception passes by."""
    dependencies = {root.function for root in whole.roots if root.kind == "dependency"}
    for key in sorted(dependencies):
        closed = _after_yield(whole.program.function(key))
        if closed is not None:
            yield found(
                RULE,
                whole,
                key,
                (closed[4], closed[5]),
                f"a route's exception comes out of the `yield`, and this {word(closed[1])} is skipped then",
                "Put the `yield` into `try: ... finally:`, or open it in a `with`",
                severity=Severity.HIGH,
                confidence=Confidence.HIGH,
                calls=word(closed[1]),
            )
    for key in requested(whole):
        if key in dependencies and whole.program.function(key).generator:
            continue
        for name, closed in _between(whole, key):
            yield found(
                RULE,
                whole,
                key,
                (closed[4], closed[5]),
                f"an exception before this leaves `{name}` open, and its connection with it",
                "Open it in a `with`, or close it in a `finally`",
                calls=word(closed[1]),
            )


def _after_yield(function: Function) -> Expression | None:
    """Return the call that closes something behind an unguarded `yield`; None where there is none."""
    if not function.generator:
        return None
    behind = False
    for statement in function.body:
        if behind:
            for call in calls_in((statement,)):
                if _closes(call):
                    return call
        # A `yield` in a `with` or a `try` is in the body of that statement, and not its own.
        behind = behind or any(part[0] == form.YIELD for value in own(statement) for part in parts(value))
    return None


def _between(whole: Whole, key: FunctionKey) -> Iterator[tuple[str, Expression]]:
    """Yield each (name, closing call) of what is opened, used and closed in one block without a guard."""
    for block in _blocks(whole.program.function(key).body):
        for number, statement in enumerate(block):
            name = _opened(whole, key, statement)
            if not name:
                continue
            used = False
            for following in block[number + 1 :]:
                closing = _closing(following, name)
                if following[0] in (form.TRY, form.WITH, form.BRANCH) and _mentions_closing(following, name):
                    break  # guarded, or closed on one of several ways
                if closing is not None:
                    if used:
                        yield name, closing
                    break
                used = used or any(True for _ in calls_in((following,)))


def _opened(whole: Whole, key: FunctionKey, statement: Statement) -> str:
    """Return the name to which a statement binds something that must be closed; "" for any other one."""
    if statement[0] != form.ASSIGN or statement[1][0] != form.NAME:
        return ""
    value = statement[2][1] if statement[2][0] == form.AWAIT else statement[2]
    if value[0] != form.CALL:
        return ""
    return "" if _TAKES.isdisjoint(whole.named(value, key)) else str(statement[1][1])


def _closing(statement: Statement, name: str) -> Expression | None:
    """Return the call with which a statement closes what `name` holds."""
    if statement[0] != form.DO:
        return None
    call = statement[1][1] if statement[1][0] == form.AWAIT else statement[1]
    if call[0] != form.CALL or not _closes(call):
        return None
    closed = call[1][0] == form.ATTR and call[1][1] == (form.NAME, name)
    return call if closed or (form.NAME, name) in call[2] else None


def _mentions_closing(statement: Statement, name: str) -> bool:
    return any(
        _closes(call) and ((form.NAME, name) in call[2] or (form.NAME, name) in tuple(parts(call[1])))
        for call in calls_in((statement,))
    )


def _closes(call: Expression) -> bool:
    return word(call[1]) in _CLOSES


def _blocks(body: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    """Yield a body and those in it, but none that a `try` guards."""
    yield body
    for statement in body:
        if statement[0] != form.TRY:
            for inner in bodies(statement):
                yield from _blocks(inner)


RULE = Rule(
    code="HF403",
    name="leaked-dependency",
    what="What a dependency or a route opens is closed only when nothing fails in between.",
    why=(
        "FastAPI throws the route's exception into the dependency, at its `yield`: what stands behind it "
        "without a `finally` does not run. Each failed request keeps a connection, and fails the next ones: "
        "a small failure becomes a pool that is empty."
    ),
    limits="Of what a route opens itself only sessions and connections of known libraries are followed.",
    bad="""
from fastapi import Depends, FastAPI
from sqlalchemy.orm import sessionmaker

app = FastAPI()
sessions = sessionmaker()

def get_session():
    session = sessions()
    yield session
    session.close()

@app.get("/orders")
def orders(session=Depends(get_session)): ...
""",
    good="""
from fastapi import Depends, FastAPI
from sqlalchemy.orm import sessionmaker

app = FastAPI()
sessions = sessionmaker()

def get_session():
    session = sessions()
    try:
        yield session
    finally:
        session.close()

@app.get("/orders")
def orders(session=Depends(get_session)): ...
""",
    find=find,
    by_module=True,
)
