"""What rules about data find beside their examples, and what only looks like it."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.data.call_in_transaction import RULE as IN_TRANSACTION
from holdfast.audit.rules.data.commit_after import RULE as COMMIT_AFTER
from tests.audit.project import told
from tests.audit.rules.lookalikes.sample import HEAD, codes

FOUND = {
    "HF502 through functions": """
        async def place(session: AsyncSession): await session.flush()
        async def charge(): await client.post("http://x")
        @app.post("/x")
        async def x(session: AsyncSession):
            await place(session)
            await charge()
    """,
    "HF502 after an update": """
        @app.post("/x")
        def x(session: Session):
            session.execute(update(Order).where(Order.id == 1))
            requests.post("http://x", timeout=1)
    """,
    "HF503 a transaction around the yield": """
        async def db(session: AsyncSession):
            async with session.begin():
                yield session
        @app.get("/x")
        async def x(db=Depends(db)): ...
    """,
    "HF504 by a name": """
        @app.get("/x")
        def x(session: Session):
            rows = session.query(Order).order_by(Order.id).all()
            return rows
    """,
}

TWO_CALLS = """
    async def charge(): await client.post("http://x")
    async def place(session: AsyncSession): await session.flush()
    @app.post("/x")
    async def x(session: AsyncSession):
        await place(session)
        await charge()
        await client.post("http://y")
    @app.post("/y")
    async def y(session: AsyncSession): await x(session)
"""
"""One transaction that two calls wait in, and a route that comes there by another."""

NOT_FOUND = {
    "HF504 of administrators": """
        @app.get("/x")
        def x(session: Session, user=Depends(current_superuser)):
            return session.query(Order).order_by(Order.id).all()
    """,
    "HF502 committed in between": """
        async def place(session: AsyncSession):
            await session.flush()
            await session.commit()
        @app.post("/x")
        async def x(session: AsyncSession):
            await place(session)
            await client.post("http://x")
    """,
    "HF502 after its block": """
        @app.post("/x")
        async def x(session: AsyncSession):
            async with session.begin():
                await session.flush()
            await client.post("http://x")
    """,
    "HF502 only read": """
        @app.post("/x")
        async def x(session: AsyncSession):
            await session.execute(select(Order))
            await client.post("http://x")
    """,
    "HF502 called first": """
        @app.post("/x")
        async def x(session: AsyncSession):
            await client.post("http://x")
            await session.flush()
    """,
    "HF502 the other branch": """
        @app.post("/x")
        async def x(session: AsyncSession, a: bool):
            if a:
                await session.flush()
            else:
                await client.post("http://x")
    """,
    "HF502 alternatives of one call": """
        class A:
            async def run(self, session: AsyncSession): await session.flush()
        class B:
            async def run(self, session: AsyncSession): await client.post("http://x")
        @app.post("/x")
        async def x(session: AsyncSession, a: bool):
            one = A() if a else B()
            await one.run(session)
    """,
    "HF503 committed before": """
        async def db(session: AsyncSession):
            await session.commit()
            yield session
        @app.get("/x")
        async def x(db=Depends(db)): ...
    """,
    "HF503 no dependency": """
        @asynccontextmanager
        async def db(session: AsyncSession):
            yield session
            await session.commit()
    """,
    "HF504 limited": """
        @app.get("/x")
        async def x(session: AsyncSession):
            query = select(Order)
            query = query.limit(10)
            return (await session.scalars(query)).all()
    """,
    "HF504 narrowed": """
        @app.get("/x")
        def x(session: Session, user: int): return session.query(Order).filter(Order.user == user).all()
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])


def test_a_transaction_is_told_once() -> None:
    assert len(told(IN_TRANSACTION, HEAD + textwrap.dedent(TWO_CALLS))) == 1


LATE = """
async def db(session: AsyncSession):
    yield session
    await session.commit()
@app.post("/x")
async def x(db=Depends(db)): ...
@app.post("/y")
async def y(db=Depends(db)): ...
"""


def test_a_late_commit_of_what_was_committed_before() -> None:
    assert len(told(COMMIT_AFTER, HEAD + LATE)) == 1
    assert told(COMMIT_AFTER, HEAD + LATE.replace("...", "await db.commit()", 1)) == []


def test_copies_of_a_dependency_are_told_once() -> None:
    assert len(told(COMMIT_AFTER, {"main.py": HEAD + LATE, "other.py": HEAD + LATE})) == 1
