"""Which relations are told to be loaded row by row."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.data.lazy_load import RULE
from tests.audit.rules.data.models import said


def test_of_an_async_session_it_is_an_error() -> None:
    text = """
    @app.get("/x")
    async def x(session: AsyncSession):
        rows = (await session.scalars(select(Book))).all()
        for row in rows:
            print(row.author.id)
    """
    (message,) = said(RULE, text)
    assert "MissingGreenlet" in message


def test_a_response_model_reads_it() -> None:
    text = """
    def books(session): return session.query(Book).filter(Book.id > 1).all()
    @app.get("/x", response_model=list[BookOut])
    def x(session: Session):
        return books(session)
    """
    assert said(RULE, text) == [
        "the response model reads `Book.author`, which is loaded with a query for each row"
    ]


@pytest.mark.parametrize(
    "body",
    [
        "q = select(Book).options(joinedload(Book.author))\n    return [b.author for b in session.exec(q)]",
        "return [row.tags for row in session.scalars(select(Book)).all()]",
        "return [row.title for row in session.scalars(select(Book)).all()]",
        "row = session.get(Book, 1)\n    return row.author.id",
        "seen = session.query(Author).all()\n    return [book.author for book in session.query(Book).all()]",
        "for row in session.query(Book).all():\n        if row.id:\n            raise ValueError(row.author)",
        "return [row.author.id for row in anything()]",
    ],
)
def test_what_is_loaded_or_read_once(body: str) -> None:
    assert said(RULE, f"@app.get('/x')\ndef x(session: Session):\n    {body}\n") == []


def test_a_response_model_without_the_relation() -> None:
    text = """
    @app.get("/x", response_model=list[ShortOut])
    def x(session: Session):
        return session.query(Book).all()
    """
    assert said(RULE, text) == []


def test_a_table_as_the_response_model() -> None:
    text = "@app.get('/x')\ndef x(session: Session) -> list[MODEL]: return session.query(Book).all()"
    assert len(said(RULE, text.replace("MODEL", "BookOut"))) == 1
    assert said(RULE, text.replace("MODEL", "Book")) == []
