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


def test_what_one_migration_brings_is_told_once() -> None:
    first = "session.scalars(select(Author).where(Author.email == 'x')).all()"
    second = "session.scalars(select(Book).where(Book.author_id == author)).all()"
    (message,) = said(RULE, route(f"return {first} + {second}"))
    assert message.startswith("`Book.author_id` has no index")
    assert message.endswith("; 1 other columns have none either")


@pytest.mark.parametrize(
    "body",
    [
        "return session.query(Book).filter(Book.author_id == author).delete()",
        "q = select(Book)\n    if author: q = q.where(Book.author_id == author)\n    return session.exec(q)",
    ],
)
def test_a_change_and_a_filter_that_may_be_left_out(body: str) -> None:
    assert said(RULE, route(body)) == []


@pytest.mark.parametrize("name", ["Role", "OAuthClient", "PlanModel"])
def test_a_table_of_few_rows(name: str) -> None:
    head = f"class {name}(Base):\n    __tablename__ = 'few'\n"
    head += "    id: Mapped[int] = mapped_column(primary_key=True)\n"
    head += "    author_id: Mapped[int] = mapped_column(ForeignKey('authors.id'))\n"
    asked = f"return session.query({name}).filter_by(author_id=author).first()"
    assert said(RULE, route(asked, head)) == []
    large = head.replace(name, f"{name}Log"), asked.replace(name, f"{name}Log")
    assert len(said(RULE, route(large[1], large[0]))) == 1
