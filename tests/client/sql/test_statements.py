"""Many rows in one statement, locks in one order, pages by key, streams in bounded memory."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from sqlalchemy import Select, event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from holdfast.client.sql import count_where, figures, insert_returning, lock_rows, page, stream_rows
from holdfast.errors import UsageError
from holdfast.events import RetryDecided
from tests.client.sql.rig import Rig, rigged

pytestmark = pytest.mark.anyio


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int]
    stock: Mapped[int] = mapped_column(default=0)


async def filled(rig: Rig, count: int) -> None:
    async with rig.db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with rig.db.begin() as session:
        made = await insert_returning(session, Item, [{"price": n % 3} for n in range(count)])
    assert sorted(item.price for item in made) == sorted(n % 3 for n in range(count))
    assert len({item.id for item in made}) == count


async def test_rows_are_inserted_by_one_statement(url: str) -> None:
    async with rigged(url) as rig:
        statements: list[str] = []
        event.listen(
            rig.db.engine.sync_engine,
            "before_cursor_execute",
            lambda c, cursor, said, *_: statements.append(said),
        )
        await filled(rig, 200)
        assert sum(said.startswith("INSERT") for said in statements) == 1
        async with rig.db.begin() as session:
            assert await insert_returning(session, Item, []) == []
            made = await insert_returning(session, Item, [{"price": n} for n in range(9)], ordered=True)
            assert [item.price for item in made] == list(range(9))


@pytest.mark.parametrize("descending", [False, True])
async def test_pages_hold_every_row_once(url: str, descending: bool) -> None:
    async with rigged(url) as rig:
        await filled(rig, 23)
        async with rig.db.begin() as session:
            by = (Item.price, Item.id)
            seen, after, pages = [], None, 0
            while True:
                found = await page(session, select(Item), by, size=5, after=after, descending=descending)
                seen += [(item.price, item.id) for item in found.rows]
                pages += 1
                if (after := found.after) is None:
                    break
            assert pages == 5
            assert seen == sorted(seen, reverse=descending)
            assert len(seen) == 23
            with pytest.raises(UsageError, match="1 values for 2 columns"):
                await page(session, select(Item), by, size=5, after=(1,))


async def test_locks_in_one_order_do_not_deadlock(postgres_url: str) -> None:
    async with rigged(postgres_url) as rig:
        await filled(rig, 4)

        async def buy(keys: list[int]) -> None:
            async def work(session: AsyncSession) -> None:
                items = await lock_rows(session, Item, keys)
                assert [item.id for item in items] == sorted(keys)
                for item in items:
                    item.stock += 1
                    await session.flush()
                    await asyncio.sleep(0)

            await rig.db.run(work)

        await asyncio.gather(*(buy([1, 2, 3, 4][:: 1 if n % 2 else -1]) for n in range(12)))
        async with rig.db.begin() as session:
            assert [row[0] for row in await session.execute(text("SELECT DISTINCT stock FROM items"))] == [12]
        assert rig.of(RetryDecided) == []


async def test_a_stream_gives_its_connection_back_in_the_middle(url: str) -> None:
    async with rigged(url) as rig:
        await filled(rig, 50)
        async with rig.db.begin() as session:
            assert len([item async for item in stream_rows(session, select(Item), at_once=7)]) == 50
            async with aclosing(stream_rows(session, select(Item), at_once=7)) as items:
                async for _ in items:
                    break
            assert (await session.execute(text("SELECT count(*) FROM items"))).scalar_one() == 50
        rig.idle()


async def test_figures_of_one_table_are_one_statement(url: str) -> None:
    async with rigged(url) as rig:
        await filled(rig, 12)
        async with rig.db.begin() as session:
            statements: list[str] = []
            event.listen(
                rig.db.engine.sync_engine,
                "before_cursor_execute",
                lambda c, cursor, said, *_: statements.append(said),
            )
            found = await figures(
                session,
                select(Item).where(Item.price > 0).order_by(Item.id),
                items=func.count(),
                dear=count_where(Item.price == 2),
                most=func.max(Item.price),
            )
            assert {name: int(value) for name, value in found.items()} == {"items": 8, "dear": 4, "most": 2}
            assert len(statements) == 1
            assert "ORDER BY" not in statements[0]
            none = await figures(session, select(Item).where(Item.price > 9), items=func.count())
            assert none == {"items": 0}


@pytest.mark.parametrize(
    "query", [select(Item).limit(3), select(Item).distinct(), select(Item).group_by(Item.id)]
)
async def test_figures_of_rows_that_are_no_longer_the_tables_are_refused(query: Select[Any]) -> None:
    session: Any = None
    with pytest.raises(UsageError, match="not grouped, distinct or limited"):
        await figures(session, query, items=func.count())
    with pytest.raises(UsageError, match="one aggregate"):
        await figures(session, select(Item))
