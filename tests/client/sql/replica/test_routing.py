"""Two real servers, one streaming to the other: who reads where, and that nobody misses what he wrote."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from holdfast.client.sql.replica import following
from holdfast.errors import CallFailed, UsageError
from tests.client.sql.replica.pair import Addresses, Pair, paired, standing_still
from tests.client.sql.rig import notes, rigged, until

pytestmark = pytest.mark.anyio

NOWHERE = "postgresql://holdfast@127.0.0.1:1/none"


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)


async def test_what_is_only_read_is_read_from_the_replica(made: Addresses) -> None:
    async with paired(made) as pair:
        await pair.write()
        await pair.replica_has_caught_up()
        async with pair.db.reading() as session:
            assert (await session.execute(text("SELECT pg_is_in_recovery()"))).scalar_one()
        assert pair.routed == [("copy", "replica")]


async def test_whoever_has_written_reads_it_though_the_replica_stands_still(made: Addresses) -> None:
    async with paired(made, lag="60s") as pair:
        await pair.write()
        await pair.replica_has_caught_up()
        async with standing_still(made):
            with following() as caller:
                await pair.write()
                assert await pair.count() == 2
            with following(caller.token):  # the next request of the same caller
                assert await pair.count() == 2
            with following():  # somebody else
                assert await pair.count() == 1
        assert pair.routed == [("db", "wrote"), ("db", "wrote"), ("copy", "replica")]


async def test_the_caller_is_back_at_the_replica_once_it_shows_what_he_wrote(made: Addresses) -> None:
    async with paired(made, lag="1s") as pair:
        await pair.write()
        await pair.replica_has_caught_up()
        with following() as caller:
            number = await pair.write()

            async def back() -> bool:
                async with pair.db.reading() as session:
                    found = await session.execute(text("SELECT max(id) FROM notes"))
                    assert found.scalar_one() == number
                return pair.routed[-1] == ("copy", "replica")

            await until(back)
        assert "|" not in caller.token


async def test_one_that_is_too_far_behind_is_not_asked(made: Addresses) -> None:
    async with paired(made, lag="200ms") as pair:
        await pair.write()
        await pair.replica_has_caught_up()
        async with standing_still(made):
            await pair.write()

            async def left() -> bool:
                await pair.count()
                return pair.routed[-1] == ("db", "behind")

            await until(left)
            assert await pair.count() == 2
        await pair.replica_has_caught_up()


async def test_the_primary_answers_where_there_is_no_replica(made: Addresses) -> None:
    async with paired(replace(made, replica=NOWHERE), lag="20s") as pair:
        await pair.write()
        assert await pair.count() == 1
        assert pair.routed == [("db", "behind")]


async def test_the_primary_answers_where_the_replica_cannot_be_used_any_more(made: Addresses) -> None:
    async with paired(made, lag="60s") as pair:
        await pair.write()
        await pair.replica_has_caught_up()
        await pair.copy.aclose()
        pair.copy._url = pair.copy._url.set(host="127.0.0.1", port=1)
        assert await pair.count() == 1
        assert pair.routed == [("db", "down")]
        assert await pair.count() == 1
        assert pair.routed[-1] == ("db", "behind")


async def test_nothing_is_written_by_a_session_that_reads(made: Addresses) -> None:
    async with paired(made) as pair:
        for replica in (False, True):
            if replica:
                await pair.replica_has_caught_up()
            with pytest.raises(DBAPIError, match="read-only transaction"):
                async with pair.db.reading() as session:
                    await session.execute(text("INSERT INTO notes (body) VALUES ('x')"))
        assert await pair.count() == 0


async def test_a_write_through_the_orm_is_refused_everywhere(tmp_path: Path) -> None:
    async with rigged(f"sqlite:///{tmp_path / 'x.db'}") as rig:
        with pytest.raises(UsageError, match="only reads"):
            async with rig.db.reading() as session:
                await session.execute(insert(Note).values(id=1))
        with pytest.raises(UsageError, match="only reads"):
            async with rig.db.reading() as session:
                session.add(Note(id=1))
        assert await notes(rig) == 0
        rig.idle()


async def test_without_positions_a_caller_reads_where_he_wrote_for_a_time(tmp_path: Path) -> None:
    """Of SQLite, as of MySQL, nothing says how far a copy is."""
    addresses = Addresses(f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}")
    pair = Pair(addresses, lag="60s")
    for one in (pair.db, pair.copy):
        async with one.begin() as session:
            await session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)"))
    with following() as caller:
        await pair.write()
        assert await pair.count() == 1
    with following(caller.token):
        assert await pair.count() == 1
    with following("db:1:"):  # long ago
        assert await pair.count() == 0
    with following():
        assert await pair.count() == 0
        async with pair.db.begin() as session:  # what was not committed was not written
            await session.execute(text("INSERT INTO notes (body) VALUES ('x')"))
            await session.rollback()
        assert await pair.count() == 0
    assert [why for _, why in pair.routed] == ["wrote", "wrote", "replica", "replica", "replica"]
    await pair.db.aclose()
    await pair.copy.aclose()


async def test_a_primary_that_is_gone_is_told_as_such(made: Addresses) -> None:
    async with paired(made, lag="20s") as pair:
        await pair.db.aclose()
        pair.db._url = pair.db._url.set(port=1)
        with following("db:1:FFFFFFFFFFFF"), pytest.raises(CallFailed) as failed:
            await pair.count()
        assert failed.value.dependency == "db"


@pytest.mark.parametrize("seed", range(2))
async def test_random_cancellation_leaks_nothing_and_misses_no_write(made: Addresses, seed: int) -> None:
    dice = random.Random(seed)
    async with paired(made, lag="100ms") as pair:

        async def caller() -> None:
            with following():
                for _ in range(3):
                    number = await pair.write()
                    async with pair.db.reading() as session:
                        found = await session.execute(
                            text("SELECT count(*) FROM notes WHERE id = :id"), {"id": number}
                        )
                        assert found.scalar_one() == 1

        tasks: list[asyncio.Task[None]] = []
        for _ in range(25):
            tasks.append(asyncio.create_task(caller()))
            await asyncio.sleep(dice.choice([0, 0.001, 0.005]))
            if dice.random() < 0.5:
                dice.choice(tasks[-6:]).cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(r is None or isinstance(r, asyncio.CancelledError) for r in ended), ended
