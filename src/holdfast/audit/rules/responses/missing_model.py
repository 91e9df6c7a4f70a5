"""HF804: a row of a table is the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import ClassKey
from holdfast.audit.rules.data.rows import Rows, Sources
from holdfast.audit.rules.data.tables import Table, Tables
from holdfast.audit.rules.found import found
from holdfast.audit.rules.responses.routes import Route, returned, routes
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_SECRET = re.compile(
    r"^(?!(is|has|num|max|min|last)_).*(passw(or)?d|secret|api_key|private_key|token|salt)(_?hash|_?encrypted|_key)?$"
)
"""Names of columns that hold a secret; `is_secret` and `num_of_tokens` hold none."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each route that answers with rows, where no model says which columns."""
    tables = Tables(whole)
    sources = Sources(whole, tables)
    told: set[tuple[int, ClassKey]] = set()
    for route in routes(whole):
        if route.other_class:
            continue
        shown = _declared(tables, route)
        if route.model is not None:
            # The routes of a module that answer with one table are mended together.
            if shown is not None and _secrets(shown) and (route.key[0], shown.key) not in told:
                told.add((route.key[0], shown.key))
                yield _finding(whole, route, shown, route.function.line, declared=True)
            continue
        for value, line in returned(route.function):
            rows = _rows(sources, route, value)
            if rows is not None and (route.key[0], rows.table.key) not in told:
                told.add((route.key[0], rows.table.key))
                yield _finding(whole, route, rows.table, line, declared=False)
                break


def _rows(sources: Sources, route: Route, value: Expression) -> Rows | None:
    """Return the rows that are answered, by themselves or as a value of a dict."""
    for one in (value, *(value[2] if value[0] == form.DICT else ())):
        rows = sources.rows(one, route.key)
        if rows is not None:
            return rows
    return None


def _declared(tables: Tables, route: Route) -> Table | None:
    """Return the table that the route declares to answer with: `-> list[User]`."""
    if route.model is None:
        return None
    named = [part for part in parts(route.model) if part[0] == form.NAME]
    shown = [table for part in named if (table := tables.named(part, route.key)) is not None]
    return shown[0] if len(shown) == 1 else None


def _secrets(table: Table) -> list[str]:
    return sorted(name for name in table.columns if _SECRET.search(name.lower()))


def _finding(whole: Whole, route: Route, table: Table, line: int, *, declared: bool) -> Finding:
    secrets = _secrets(table)
    told = f", `{secrets[0]}` among them" if secrets else ""
    how = f"`{table.name}` is the response model" if declared else f"rows of `{table.name}` are the answer"
    return found(
        RULE,
        whole,
        route.key,
        (line, 0),
        f"{how}: all columns of the table go out{told}, and each one that is added later",
        "Declare a `response_model` with the fields that clients may see",
        severity=Severity.HIGH if secrets else Severity.MEDIUM,
        # Without a secret among them, clients may well be meant to see all columns.
        confidence=None if secrets else Confidence.LOW,
    )


RULE = Rule(
    code="HF804",
    name="missing-response-model",
    what="A route answers with rows of a table, and no model says which columns clients see.",
    why=(
        "Every column goes out: hashes of passwords, internal notes, and each column that a later migration "
        "adds. FastAPI also has to walk over the object by itself instead of serialising it by a model."
    ),
    limits=(
        "Low confidence where no column is named like a secret; a table that is itself declared as the "
        "response model is then not told. Rows that pass through a name which a loop binds are not followed."
    ),
    bad="""
from fastapi import FastAPI
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import Session, declarative_base

app = FastAPI()
Base = declarative_base()

class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    hashed_password = Column(String)

@app.get("/users/{id}")
def user(id: int, session: Session):
    return session.get(User, id)
""",
    good="""
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import Session, declarative_base

app = FastAPI()
Base = declarative_base()

class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    hashed_password = Column(String)

class UserOut(BaseModel):
    id: int

@app.get("/users/{id}", response_model=UserOut)
def user(id: int, session: Session):
    return session.get(User, id)
""",
    find=find,
    by_module=True,
)
