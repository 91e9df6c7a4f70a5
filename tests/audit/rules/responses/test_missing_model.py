"""Which answers are told to be rows of a table."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.responses.missing_model import RULE
from tests.audit.rules.data.models import said


@pytest.mark.parametrize(
    "body",
    [
        "return session.get(Author, 1)",
        "return {'authors': session.query(Author).all()}",
        "author = Author(email='x')\n    session.add(author)\n    return author",
    ],
)
def test_rows(body: str) -> None:
    (message,) = said(RULE, f"@app.get('/x')\ndef x(session: Session):\n    {body}\n")
    assert "`Author` are the answer" in message
    assert "`password` among them" in message


@pytest.mark.parametrize(
    "text",
    [
        "@app.get('/x', response_model=AuthorOut)\ndef x(session: Session): return session.get(Author, 1)",
        "@app.get('/x')\ndef x(session: Session) -> AuthorOut: return session.get(Author, 1)",
        "@app.get('/x', response_model=list[Book])\ndef x(db: Session): return db.query(Book).all()",
        "@app.get('/x')\ndef x(session: Session): return AuthorOut(session.get(Author, 1))",
        "@app.get('/x')\ndef x(session: Session): return session.get(Author, 1).id",
        "@app.get('/x', **options)\ndef x(session: Session): return session.get(Author, 1)",
        "def x(session: Session): return session.get(Author, 1)",
    ],
)
def test_answers_with_a_model(text: str) -> None:
    assert said(RULE, text) == []


def test_a_table_with_a_secret_as_the_model() -> None:
    text = "@app.get('/x')\ndef x(session: Session) -> list[Author]: return session.query(Author).all()"
    (message,) = said(RULE, text)
    assert "`Author` is the response model" in message


ROUTES = """
class Run(Base):
    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    COLUMN: Mapped[str]
@app.get('/x')
def x(session: Session): return session.get(Run, 1)
@app.get('/y')
def y(session: Session): return session.query(Run).all()
"""


@pytest.mark.parametrize(
    ("column", "told"),
    [("api_key", 1), ("hashed_password", 1), ("num_of_tokens", 0), ("is_secret", 0), ("title", 0)],
)
def test_a_column_that_is_a_secret_is_told_once_a_file(column: str, told: int) -> None:
    assert len(said(RULE, ROUTES.replace("COLUMN", column))) == told
