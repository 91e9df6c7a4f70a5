"""What is seen of the use of a database: the line, the count, and what to write instead."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from sqlalchemy import ForeignKey, select, text
from sqlalchemy.ext.asyncio import AsyncAttrs, AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

from holdfast.errors import UsageError
from holdfast.events import CallEnded, DataAccessSeen
from holdfast.policy import deadline
from tests.client.sql.rig import Rig, rigged

pytestmark = pytest.mark.anyio


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list[Line]] = relationship(back_populates="order")


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order: Mapped[Order] = relationship(back_populates="lines")


async def filled(rig: Rig) -> None:
    async with rig.db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with rig.db.begin() as session:
        session.add_all(Order(id=n, lines=[Line(id=n)]) for n in range(1, 8))


async def lazily(session: AsyncSession) -> None:
    for order in await session.scalars(select(Order)):
        await order.awaitable_attrs.lines


async def eagerly(session: AsyncSession) -> None:
    for order in await session.scalars(select(Order).options(selectinload(Order.lines))):
        assert len(order.lines) == 1


def told(rig: Rig, kind: str) -> list[DataAccessSeen]:
    return [event for event in rig.of(DataAccessSeen) if event.kind == kind]


async def test_lazy_loads_in_a_loop_name_the_line_and_the_option(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with rigged(url) as rig:
        await filled(rig)
        with caplog.at_level(logging.WARNING, "holdfast.sql"):
            for _ in range(2):
                async with rig.db.begin() as session:
                    await lazily(session)
        first, second = told(rig, "repeated")
        assert (first.file, first.function) == ("tests/client/sql/test_watch.py", "lazily")
        assert (first.file, first.line) == (second.file, second.line)
        assert "write options(selectinload(Order.lines))" in first.detail
        assert len(caplog.records) == 1
        assert f"test_watch.py:{first.line}" in caplog.text


async def test_the_other_end_of_a_relation_is_joined(url: str) -> None:
    async with rigged(url) as rig:
        await filled(rig)
        async with rig.db.begin() as session:
            for line in await session.scalars(select(Line)):
                await line.awaitable_attrs.order
        (event,) = told(rig, "repeated")
        assert "write options(joinedload(Line.order))" in event.detail


async def test_eager_loads_and_single_queries_are_not_told(url: str) -> None:
    async with rigged(url) as rig:
        await filled(rig)
        async with rig.db.begin() as session:
            await eagerly(session)
            for _ in range(4):
                await session.execute(text("SELECT 1"))
        for _ in range(6):
            async with rig.db.begin() as session:
                await session.execute(text("SELECT 1"))
        assert rig.of(DataAccessSeen) == []


async def test_expired_columns_and_queries_in_a_loop_are_told(url: str) -> None:
    async with rigged(url) as rig:
        await filled(rig)
        async with rig.db.begin() as session:
            for number in range(1, 7):
                await session.get(Order, number)
        assert "select(...).where(....in_(...))" in told(rig, "repeated")[0].detail
        rig.heard.clear()
        async with rig.db.begin() as session:
            orders = list(await session.scalars(select(Order)))
            session.expire_all()
            for order in orders:
                await order.awaitable_attrs.id
        assert "the columns of Order" in told(rig, "repeated")[0].detail


async def test_strict_raises_and_commits_nothing(url: str) -> None:
    async with rigged(url, strict=True) as rig:
        insert = text("INSERT INTO notes VALUES (:id, 'x')")

        async def one_by_one() -> None:
            async with rig.db.begin() as session:
                for number in range(6):
                    await session.execute(insert, {"id": number})

        with pytest.raises(UsageError, match=r"N\+1.*insert_returning") as raised:
            await one_by_one()
        assert raised.value.place.startswith("tests/client/sql/test_watch.py:")
        async with rig.db.begin() as session:
            await session.execute(insert, [{"id": number} for number in range(6)])
        rig.idle()


async def test_strict_by_the_environment(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_STRICT", "1")
    async with rigged(sqlite_url) as rig:

        async def again_and_again() -> None:
            async with rig.db.begin() as session:
                for _ in range(5):
                    await session.execute(text("SELECT 1"))

        with pytest.raises(UsageError):
            await again_and_again()


async def test_a_slow_statement_is_told_without_its_parameters(postgres_url: str) -> None:
    async with rigged(postgres_url, section={"sql": {"slow": "30ms"}}) as rig:
        async with rig.db.begin() as session:
            await session.execute(text("SELECT pg_sleep(0.05), :secret"), {"secret": "hunter2"})
        (event,) = told(rig, "slow")
        assert event.function == "test_a_slow_statement_is_told_without_its_parameters"
        assert "pg_sleep" in event.detail
        assert "hunter2" not in event.detail


async def test_a_call_within_a_transaction_is_told(url: str) -> None:
    def call(rig: Rig, began: float) -> None:
        now = asyncio.get_running_loop().time()
        rig.bus.emit(CallEnded(now, "payments", "ok", 1, False, now - began))

    async with rigged(url) as rig:
        async with rig.db.begin() as session:
            call(rig, asyncio.get_running_loop().time())
            assert told(rig, "outside call") == []
            await session.execute(text("SELECT 1"))
            call(rig, asyncio.get_running_loop().time())
            (event,) = told(rig, "outside call")
            assert "payments" in event.detail
            assert event.function.endswith("call")
            await session.commit()
            call(rig, asyncio.get_running_loop().time())
        assert len(told(rig, "outside call")) == 1


async def test_a_connection_that_outlives_its_request_is_told_with_who_took_it(url: str) -> None:
    from holdfast.telemetry import process

    async with rigged(url) as rig:
        kept: Any = None

        async def forgetful() -> None:
            nonlocal kept
            kept = rig.db.lanes.current().sessions()
            await kept.execute(text("SELECT 1"))

        token = deadline.tighten(asyncio.get_running_loop().time() + 5)
        await forgetful()
        deadline.restore(token)
        door = rig.db.lanes.current().door
        door.sample(process.slot(), "db", asyncio.get_running_loop().time())
        assert told(rig, "leaked") == []
        door.sample(process.slot(), "db", asyncio.get_running_loop().time() + 60)
        door.sample(process.slot(), "db", asyncio.get_running_loop().time() + 90)
        (event,) = told(rig, "leaked")
        assert event.function.endswith("forgetful")
        await kept.close()
        rig.idle()
