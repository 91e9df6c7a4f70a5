"""Missing indexes of slow statements, by the plans of real databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from holdfast.events import DataAccessSeen
from tests.client.sql.blocking.threads import threaded
from tests.client.sql.rig import Rig, rigged, until

pytestmark = pytest.mark.anyio

SLOW: dict[str, Any] = {"sql": {"slow": "1us", "explain": True}}
"""Whatever is asked is slow."""

BY_OWNER = text("SELECT o.id FROM orders AS o WHERE o.owner = :owner AND o.placed > :placed")
ROWS = 3000


async def filled(session: AsyncSession) -> None:
    await session.execute(
        text("CREATE TABLE orders (id INTEGER PRIMARY KEY, owner INTEGER, placed INTEGER, body TEXT)")
    )
    rows = ", ".join(f"({n}, {n % 500}, {n}, 'x')" for n in range(ROWS))
    await session.execute(text(f"INSERT INTO orders VALUES {rows}"))


def told(rig: Rig) -> list[DataAccessSeen]:
    return [event for event in rig.of(DataAccessSeen) if event.kind == "unindexed"]


async def analyzed(rig: Rig) -> None:
    async with rig.db.begin() as session:
        await filled(session)
    async with rig.db.begin() as session:
        if rig.db.engine.dialect.name != "mysql":
            await session.execute(text("ANALYZE orders"))


async def search(rig: Rig) -> None:
    async with rig.db.begin() as session:
        await session.execute(BY_OWNER, {"owner": 7, "placed": 100})


async def explained(rig: Rig) -> None:
    """Return when all that waits has been explained."""
    explainer = rig.db.lanes.current().door.explainer
    assert explainer is not None
    await asyncio.sleep(0)
    await until(lambda: explainer._task is None)


async def test_a_missing_index_is_told_with_the_line_and_the_statement_to_write(url: str) -> None:
    async with rigged(url, section=SLOW) as rig:
        await analyzed(rig)
        await explained(rig)
        rig.heard.clear()
        await search(rig)
        await until(lambda: told(rig))
        (event,) = told(rig)
        assert event.function == "search"
        assert "rows of orders" in event.detail
        assert "by owner, placed" in event.detail
        assert event.detail.endswith("ix_orders_owner_placed ON orders (owner, placed)")
        assert ("CONCURRENTLY" in event.detail) == url.startswith("postgres")
        await search(rig)
        await explained(rig)
        assert len(told(rig)) == 1
        rig.idle()


async def test_where_there_is_an_index_nothing_is_told(url: str) -> None:
    async with rigged(url, section=SLOW) as rig:
        await analyzed(rig)
        async with rig.db.begin() as session:
            await session.execute(text("CREATE INDEX by_owner ON orders (owner)"))
        await search(rig)
        await explained(rig)
        assert told(rig) == []


async def test_a_small_table_and_a_common_value_are_no_matter_of_indexes(url: str) -> None:
    async with rigged(url, section=SLOW) as rig:
        await analyzed(rig)
        async with rig.db.begin() as session:
            await session.execute(text("SELECT id FROM notes WHERE body = 'x'"))
            if url.startswith("postgres"):
                await session.execute(text("SELECT id FROM orders WHERE body = 'x'"))
            await session.execute(text("SELECT count(*) FROM orders"))
        await explained(rig)
        assert told(rig) == []


async def test_what_may_change_data_is_not_even_planned(postgres_url: str) -> None:
    async with rigged(postgres_url, section=SLOW) as rig:
        await analyzed(rig)
        async with rig.db.begin() as session:
            for statement in (
                "UPDATE orders SET body = 'y' WHERE owner = 3",
                "WITH gone AS (DELETE FROM orders WHERE owner = 4 RETURNING id) SELECT id FROM gone",
                "SELECT id FROM orders WHERE owner = 5 FOR UPDATE",
            ):
                await session.execute(text(statement))
        await explained(rig)
        assert told(rig) == []


async def test_without_leave_no_plan_is_asked_for(sqlite_url: str) -> None:
    async with rigged(sqlite_url, section={"sql": {"slow": "1us"}}) as rig:
        assert rig.db.lanes.current().door.explainer is None


async def test_it_waits_for_no_connection(sqlite_url: str) -> None:
    async with rigged(sqlite_url, pool=1, section=SLOW) as rig:
        await analyzed(rig)
        await explained(rig)
        rig.heard.clear()
        async with rig.db.begin() as session:
            await session.execute(BY_OWNER, {"owner": 7, "placed": 100})
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert told(rig) == []
        await search(rig)
        rig.idle()


async def test_a_statement_of_a_thread_is_explained_too(url: str) -> None:
    async with threaded(url, section=SLOW) as both:
        await analyzed(both.rig)
        await explained(both.rig)
        both.rig.heard.clear()

        def thread() -> None:
            with both.db.begin() as session:
                session.execute(BY_OWNER, {"owner": 7, "placed": 100})

        await both.run(thread)
        await until(lambda: told(both.rig))
        assert told(both.rig)[0].function.endswith("thread")
