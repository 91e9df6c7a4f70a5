"""What rules about connections find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF203 in a function of the service": """
        @app.get("/x")
        def x(session: Session): return session.scalars(select(Order)).all()
        def engine(url): return create_engine(url, pool_pre_ping=True)
    """,
}

NOT_FOUND = {
    "HF203 no threads": """
        @app.get("/x")
        async def x(): ...
        engine = create_engine("postgresql://x")
    """,
    "HF203 for itself": """
        @app.get("/x")
        def x(session: Session): return session.scalars(select(Order)).all()
        def create_database(url):
            engine = create_engine(url)
            with engine.connect() as connection: connection.execute("CREATE DATABASE x")
    """,
    "HF203 sized": """
        @app.get("/x")
        async def x(): ...
        engine = create_engine("postgresql://x", pool_size=3)
    """,
    "HF203 no pool": """
        @app.get("/x")
        async def x(): ...
        engine = create_engine("postgresql://x", poolclass=NullPool)
    """,
    "HF203 SQLite": """
        @app.get("/x")
        async def x(): ...
        engine = create_engine("sqlite:///x.db")
    """,
    "HF203 no service": """
        engine = create_engine("postgresql://x")
    """,
    "HF203 options": """
        @app.get("/x")
        async def x(): ...
        def made(**options): return create_engine("postgresql://x", **options)
        engine = made(pool_size=5)
    """,
    "HF202 a method of what has one": """
        import smtplib
        @app.get("/x")
        def x():
            with smtplib.SMTP("x", timeout=1) as server:
                server.login("a", "b")
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])
