"""Which lookups are told to read a whole table."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.data.missing_index import RULE
from tests.audit.rules.data.models import said


def route(body: str, head: str = "") -> str:
    return f"""{head}
@app.get("/x")
def x(author: int, session: Session):
    {body}
"""


@pytest.mark.parametrize(
    "body",
    [
        "return session.scalars(select(Book).where(Book.author_id == author)).all()",
        "return session.query(Book).filter(Book.author_id == author, Book.is_sold == True).all()",
        "return session.query(Book).filter_by(author_id=author).first()",
        "q = select(Book)\n    q = q.where(Book.author_id.in_([author]))\n    return session.scalars(q)",
    ],
)
def test_a_foreign_key_without_index(body: str) -> None:
    (message,) = said(RULE, route(body))
    assert message.startswith("`Book.author_id` has no index")


def test_a_column_that_is_named_like_a_key() -> None:
    (message,) = said(
        RULE, route("return session.scalars(select(Author).where(Author.email == author)).all()")
    )
    assert message.startswith("`Author.email`")


@pytest.mark.parametrize(
    "body",
    [
        "return session.scalars(select(Book).where(Book.shelf_id == author)).all()",
        "return session.scalars(select(Book).where(Book.author_id == author, Book.isbn == 'x')).all()",
        "return session.scalars(select(Book).where(Book.title == 'x')).all()",
        "return session.scalars(select(Book).where(Book.edition == 1)).all()",
        "return session.scalars(select(Book).where(Book.is_sold == True)).all()",
        "return session.scalars(select(Book).where(or_(Book.author_id == author, Book.id == 1))).all()",
        "return session.scalars(select(Book).where(*conditions, Book.author_id == author)).all()",
        "return session.scalars(select(Book).join(Author).where(Book.author_id == 1, Author.id == 2)).all()",
        "return session.scalars(select(Author).where(func.lower(Author.email) == author)).all()",
    ],
)
def test_an_index_that_helps_or_cannot(body: str) -> None:
    assert said(RULE, route(body)) == []


LOOKUP = "return session.scalars(select(Book).where(Book.author_id == author)).all()"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "def upgrade(op): op.create_index('ix', 'books', ['author_id'])",
        "def upgrade(op): op.execute('CREATE INDEX CONCURRENTLY ix ON books (author_id)')",
        "Index('ix', Book.author_id)",
    ],
)
def test_an_index_that_is_made_elsewhere(elsewhere: str) -> None:
    assert said(RULE, route(LOOKUP, elsewhere)) == []


def test_an_index_of_another_table() -> None:
    assert said(RULE, route(LOOKUP, "def upgrade(op): op.create_index('ix', 'films', ['author_id'])"))


def test_a_lookup_that_no_request_makes() -> None:
    assert said(RULE, f"def x(author: int, session: Session):\n    {LOOKUP}\n") == []
