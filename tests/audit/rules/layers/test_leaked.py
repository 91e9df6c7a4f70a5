"""Which clean-ups are told to be passed by."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.layers.leaked import RULE
from tests.audit.project import told

HEAD = """
from contextlib import closing
import asyncpg, psycopg2
from fastapi import Depends, FastAPI
from sqlalchemy.orm import sessionmaker
app = FastAPI()
sessions = sessionmaker()
"""


def dependency(body: str) -> list[str]:
    body = textwrap.indent(body, "    ")
    return told(RULE, f"{HEAD}async def db():\n{body}\n@app.get('/x')\nasync def x(db=Depends(db)): ...\n")


def route(body: str) -> list[str]:
    return told(RULE, HEAD + f"@app.get('/x')\ndef x():\n{textwrap.indent(body, '    ')}\n")


def test_behind_an_unguarded_yield() -> None:
    assert len(dependency("pool = await connect()\nyield pool\nawait pool.close()")) == 1


@pytest.mark.parametrize(
    "body",
    [
        "pool = await connect()\ntry:\n    yield pool\nfinally:\n    await pool.close()",
        "async with connect() as pool:\n    yield pool\nawait pool.close()",
        "yield 1\nprint('done')",
        "pool = await connect()\nawait pool.close()\nyield 1",
    ],
)
def test_a_guarded_yield(body: str) -> None:
    assert dependency(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "session = sessions()\nrows = session.execute('x')\nsession.close()",
        "conn = psycopg2.connect('x')\nconn.cursor()\nif rows:\n    print(rows)\nconn.close()",
    ],
)
def test_a_connection_that_an_error_leaves_open(body: str) -> None:
    assert len(route(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "session = sessions()\ntry:\n    session.execute('x')\nfinally:\n    session.close()",
        "session = sessions()\nsession.close()",
        "with sessions() as session:\n    rows = session.execute('x')\n    rows.all()\n    rows.close()",
        "with sessions() as session:\n    session.execute('x')",
        "file = anything()\nfile.write('x')\nfile.close()",
        "try:\n    session = sessions()\n    session.execute('x')\n    session.close()\nexcept: tidy()",
    ],
)
def test_a_connection_that_is_guarded(body: str) -> None:
    assert route(body) == []
