"""HF506: a relation that is loaded row by row."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph import value as v
from holdfast.audit.graph.place import Place
from holdfast.audit.graph.program import FunctionKey, statements
from holdfast.audit.rules.calls import requested
from holdfast.audit.rules.data.loops import loops
from holdfast.audit.rules.data.per_element import is_batch
from holdfast.audit.rules.data.rows import Rows, Sources
from holdfast.audit.rules.data.tables import Relation, Tables
from holdfast.audit.rules.found import found
from holdfast.audit.rules.responses.routes import returned, routes
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Statement
from holdfast.audit.source.inside import bodies, own, parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_EAGER = frozenset({"options", "unique", "with_loader_criteria", "execution_options", "populate_existing"})
"""Methods after which a relation may be loaded already. `unique` is asked for by joined eager loads."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each relation that a loop or a response model reads of rows that lack it."""
    tables = Tables(whole)
    sources = Sources(whole, tables)
    for key in requested(whole):
        for target, iterable, read in _loops(whole, key):
            rows = sources.rows(iterable, key)
            relation = _read(rows, target, read) if rows is not None else None
            if rows is not None and relation is not None and not _at_hand(whole, sources, key, relation[0]):
                yield _in_loop(whole, key, rows, *relation)
    for route in routes(whole):
        fields = _fields(whole, tables, route.model, route.place) if route.model is not None else set()
        for value, line in returned(route.function) if fields else ():
            rows = sources.rows(value, route.key)
            if rows is None or not rows.many or rows.words & _EAGER:
                continue
            names = sorted(
                name for name, one in rows.table.relations.items() if name in fields and _lazy(one)
            )
            if names:
                yield _in_model(whole, route.key, rows, names[0], line)
                break


def _loops(whole: Whole, key: FunctionKey) -> Iterator[tuple[str, Expression, list[Expression]]]:
    """Yield each loop over something: the name it binds, what it goes over, and what its body evaluates."""
    for loop in loops(whole.program.function(key).body):
        if loop.target[0] == form.NAME:
            inside = (
                _evaluated(loop.body)
                if loop.body
                else (each for one in loop.evaluated for each in parts(one))
            )
            yield loop.target[1], loop.over, list(inside)


def _evaluated(body: tuple[Statement, ...]) -> Iterator[Expression]:
    """Yield what each turn evaluates; not what stands where the loop is left, which is read once."""
    for block in _blocks(body):
        if not any(one[0] in (form.RETURN, form.RAISE, form.BREAK) for one in block):
            for statement in block:
                for value in own(statement):
                    yield from parts(value)


def _blocks(body: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    yield body
    for statement in body:
        for inner in bodies(statement):
            yield from _blocks(inner)


def _at_hand(whole: Whole, sources: Sources, key: FunctionKey, relation: Relation) -> bool:
    """Whether the function asks for rows of the relation's other side itself: the session keeps them."""
    return any(
        rows.table.name in relation.targets
        for values in whole.program.scope(key).values.values()
        for value in values
        if (rows := sources.rows(value, key)) is not None
    )


def _read(rows: Rows, target: str, read: list[Expression]) -> tuple[Relation, Expression] | None:
    """Return the first relation that is read of the rows, one by one."""
    if not rows.many or rows.words & _EAGER:
        return None
    for part in read:
        if part[0] == form.ATTR and part[1] == (form.NAME, target):
            relation = rows.table.relations.get(part[2])
            if relation is not None and _lazy(relation):
                return relation, part
    return None


def _lazy(relation: Relation) -> bool:
    return relation.lazy == "select"


def _fields(whole: Whole, tables: Tables, model: Expression, place: Place) -> set[str]:
    """Return the fields of a response model that is read from attributes; nothing of a table, whose relations
    no answer holds."""
    found: set[str] = set()
    for part in parts(model):
        if part[0] not in (form.NAME, form.ATTR):
            continue
        for one in whole.inference.values(part, place):
            if one[0] == v.CLASS and tables.of((one[1], one[2])) is None:
                for at in whole.inference.family.lineage((one[1], one[2])):
                    body = whole.program.class_(at).body
                    found.update(
                        each[1][1] for each in body if each[0] == form.ANNOTATE and each[1][0] == form.NAME
                    )
    return found


def _in_loop(whole: Whole, key: FunctionKey, rows: Rows, relation: Relation, read: Expression) -> Finding:
    name = f"{rows.table.name}.{relation.name}"
    line = _line(whole, key, read)
    if rows.asynchronous:
        message = (
            f"`{name}` is not loaded with its rows: reading it on an async session raises MissingGreenlet"
        )
    else:
        message = f"`{name}` is loaded when it is read: a query for each turn of this loop"
    callers = [key, *(edge.caller for edge in whole.reach.way(key))]
    rare = any(is_batch(whole.program.function(one).name) for one in callers)
    return found(
        RULE,
        whole,
        key,
        (line, 0),
        message,
        _fix(relation.name),
        confidence=Confidence.LOW if rare else None,
    )


def _in_model(whole: Whole, key: FunctionKey, rows: Rows, name: str, line: int) -> Finding:
    full = f"{rows.table.name}.{name}"
    if rows.asynchronous:
        message = (
            f"the response model reads `{full}`, which an async session cannot load then: MissingGreenlet"
        )
    else:
        message = f"the response model reads `{full}`, which is loaded with a query for each row"
    return found(RULE, whole, key, (line, 0), message, _fix(name), severity=Severity.MEDIUM)


def _fix(name: str) -> str:
    return f'Load it with the rows: `.options(selectinload(...{name}))`, or `lazy="selectin"` on the relation'


def _line(whole: Whole, key: FunctionKey, read: Expression) -> int:
    """Return the line of the statement that reads an attribute."""
    function = whole.program.function(key)
    for statement in statements(function.body):
        if any(part is read for value in own(statement) for part in parts(value)):
            return int(statement[-1])
    return function.line


_MODELS = """
from fastapi import FastAPI
from sqlalchemy import Column, ForeignKey, Integer, select
from sqlalchemy.orm import Session, declarative_base, relationship, selectinload

app = FastAPI()
Base = declarative_base()

class Author(Base):
    __tablename__ = "authors"
    id = Column(Integer, primary_key=True)

class Book(Base):
    __tablename__ = "books"
    id = Column(Integer, primary_key=True)
    author_id = Column(ForeignKey("authors.id"), index=True)
    author = relationship("Author")
"""
"""What both examples begin with."""

RULE = Rule(
    code="HF506",
    name="lazy-load",
    what="A loop, or a response model, reads a relation that is loaded only then, row by row.",
    why=(
        "SQLAlchemy loads a relation when it is read. Of a list that is a query for each row, and no line of "
        "the code looks like one; on an async session it is an error."
    ),
    limits=(
        "Rows are followed from a select of one class through names and functions. Any `options(...)` is "
        "taken to load what is needed, and a relation with another `lazy` than the default to be wanted so."
    ),
    bad=_MODELS
    + """
@app.get("/books")
def books(session: Session):
    rows = session.scalars(select(Book).limit(50)).all()
    return [row.author.id for row in rows]
""",
    good=_MODELS
    + """
@app.get("/books")
def books(session: Session):
    rows = session.scalars(select(Book).options(selectinload(Book.author)).limit(50)).all()
    return [row.author.id for row in rows]
""",
    find=find,
    by_module=True,
)
