"""What rules about errors find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF902 of a query": """
        @app.post("/x")
        def x(session: Session):
            try:
                session.execute(update(Order).values(paid=True))
            except:
                pass
    """,
}

NOT_FOUND = {
    "HF902 a read": """
        @app.get("/x")
        def x(session: Session):
            try:
                session.execute(select(Order))
            except:
                pass
    """,
    "HF902 as far as it goes": """
        @app.post("/x")
        def track_order(session: Session):
            try:
                session.execute(update(Order).values(paid=True))
            except:
                pass
    """,
    "HF902 one error": """
        @app.get("/x")
        def x(session: Session):
            try:
                session.execute(select(Order))
            except ValueError:
                pass
    """,
    "HF902 nothing asked": """
        @app.get("/x")
        def x():
            try:
                int("x")
            except Exception:
                pass
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])
