"""Which queries in loops are told, and which are a part of something else."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.data.query_in_loop import RULE
from tests.audit.rules.data.models import said


def loop(body: str) -> list[str]:
    body = textwrap.indent(body, "    ")
    return said(RULE, f"def one(session, id): return session.get(Book, id)\n{WORK}{HEAD}{body}\n")


HEAD = "@app.get('/x')\ndef x(ids: list[int], found: dict, session: Session):\n"
WORK = """
import httpx
client = httpx.Client()
def send_book(session, id): session.get(Book, id)
def add_book(session, id): session.get(Book, id)
def brought(session, id, book=None): return book or session.get(Book, id)
def save(session, id): session.execute(update(Book))
def check_book(session, id): session.get(Book, id)
"""


@pytest.mark.parametrize(
    "body",
    [
        "for id in ids:\n    session.get(Book, id)",
        "for id in ids:\n    one(session, id)",
        "return [one(session, id) for id in ids]",
        "for id in ids:\n    if not session.get(Book, id):\n        raise ValueError",
        "for id in ids:\n    found[id] = session.get(Book, id)",
    ],
)
def test_a_lookup_for_each_element(body: str) -> None:
    assert len(loop(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "for id in ids:\n    book = session.get(Book, id)\n    if book: return book",
        "for id in ids:\n    if id not in found:\n        found[id] = session.get(Book, id)",
        "for id in ids:\n    session.add(Book())\n    session.flush()",
        "for id in ids:\n    send_book(session, id)",
        "for table in ids:\n    session.execute(table)",
        "for id in ALL_IDS:\n    session.get(Book, id)",
        "for id in range(3):\n    session.get(Book, id)",
        "for id in [1, 2]:\n    session.get(Book, id)",
        "few = [1, 2]\nfor id in few:\n    session.get(Book, id)",
        "for id in ids:\n    with session.begin_nested():\n        session.get(Book, id)",
        "for id in ids:\n    session.execute(update(Book).where(Book.id == id).values(title=found[id]))",
        "for role in ids:\n    session.get(Book, role)",
        "for id in ids:\n    add_book(session, id)",
        "for id in ids:\n    brought(session, id, found)",
        "for id in ids:\n    one(session, 1)",
        "book = None\nfor id in ids:\n    if book is None:\n        book = session.get(Book, id)",
        "for id in ids:\n    try:\n        session.get(Book, id)\n    except KeyError:\n        continue",
        "for id in ids:\n    try:\n        one(session, id)\n    finally:\n        client.post('http://x')",
        "for id in ids:\n    session.get(Book, id)\n    save(session, id)",
        "for id in ids:\n    session.get(Book, id)\n    session.commit()",
        "for chunk in chunked(ids):\n    session.scalars(select(Book).where(Book.id.in_(chunk)))",
        "for sheet in ids:\n    session.execute(sheet.count_statement)",
        "for id in ids:\n    check_book(session, id)",
        "for id in route_keys:\n    one(session, id)",
    ],
)
def test_what_one_query_would_not_replace(body: str) -> None:
    assert loop(body) == []


def test_a_loop_is_told_once() -> None:
    assert len(loop("for id in ids:\n    session.get(Book, id)\n    session.get(Author, id)")) == 1
    inner = "for id in ids:\n    session.get(Book, id)\nfor id in ids:\n    session.get(Author, id)"
    assert len(loop(inner)) == 2


def test_arguments_that_a_call_writes_down() -> None:
    text = """
        def all_of(session, *ids): return [session.get(Book, id) for id in ids]
        @app.get('/x')
        def x(session: Session): return all_of(session, 1, 2)
    """
    assert said(RULE, text) == []
    assert len(said(RULE, text.replace("*ids", "ids"))) == 1


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ("@app.get('/x')\ndef x", 1),
        ("@app.post('/search')\ndef x", 1),
        ("@app.post('/x')\ndef list_books", 1),
        ("@app.post('/x')\ndef x", 0),
        ("@app.delete('/x')\ndef x", 0),
    ],
)
def test_who_waits_for_it(route: str, told: int) -> None:
    text = f"def books(ids, session):\n    for id in ids: session.get(Book, id)\n{route}(ids: list[int], "
    assert len(said(RULE, f"{text}session: Session): books(ids, session)\n")) == told


def test_as_many_as_a_client_sends() -> None:
    text = (
        "@app.post('/x')\ndef x(body: Ids, session: Session):\n    for id in body.ids: session.get(Book, id)"
    )
    assert len(said(RULE, text)) == 1
    assert said(RULE, text.replace("in body.ids", "in known()")) == []


def test_a_read_that_settles_something() -> None:
    text = """
        def NAME(ids, session):
            for id in ids: session.get(Book, id)
        @app.get('/x')
        def x(ids: list[int], session: Session): NAME(ids, session)
    """
    assert len(said(RULE, text.replace("NAME", "books"))) == 1
    assert said(RULE, text.replace("NAME", "_trigger_books")) == []


def test_an_import_works_things_off() -> None:
    text = """
        def import_books(ids, session):
            for id in ids: session.get(Book, id)
        @app.get('/x')
        def x(ids: list[int], session: Session): import_books(ids, session)
    """
    assert said(RULE, text) == []
    assert len(said(RULE, text.replace("import_books", "books"))) == 1


def test_a_method_of_which_not_all_implementations_ask() -> None:
    text = """
        class Cache: ...
        class Near(Cache):
            def find(self, id): return None
        class Far(Cache):
            def __init__(self, session: Session): self.session = session
            def find(self, id): return self.session.get(Book, id)
        def made(session: Session): return Near() if near else Far(session)
        @app.get('/x')
        def x(ids: list[int], session: Session):
            cache = made(session)
            return [cache.find(id) for id in ids]
    """
    assert said(RULE, text) == []
    assert len(said(RULE, text.replace("Near() if near else ", ""))) == 1
