"""A whole transaction, again: real deadlocks, real serialization failures, within the budget."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from holdfast.errors import CallFailed
from holdfast.events import RetryDecided
from tests.client.sql.rig import notes, rigged

pytestmark = pytest.mark.anyio

INSERT = text("INSERT INTO notes VALUES (:id, 'x')")
UPDATE = text("UPDATE notes SET body = body || :what WHERE id = :id")


async def test_a_deadlock_is_resolved_by_repeating_the_victim(postgres_url: str) -> None:
    async with rigged(postgres_url) as rig:
        async with rig.db.begin() as session:
            await session.execute(INSERT, [{"id": 1}, {"id": 2}])
        both = asyncio.Barrier(2)
        attempts = 0

        async def crossing(first: int, second: int) -> None:
            met = False

            async def work(session: AsyncSession) -> None:
                nonlocal attempts, met
                attempts += 1
                await session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
                await session.execute(UPDATE, {"id": first, "what": "a"})
                if not met:
                    met = True
                    await both.wait()
                await session.execute(UPDATE, {"id": second, "what": "b"})

            await rig.db.run(work)

        await asyncio.gather(crossing(1, 2), crossing(2, 1))
        assert attempts == 3
        assert [(e.granted, e.dependency) for e in rig.of(RetryDecided)] == [(True, "db")]
        async with rig.db.begin() as session:
            bodies = [row[0] for row in await session.execute(text("SELECT body FROM notes ORDER BY id"))]
        assert [sorted(body) for body in bodies] == [["a", "b", "x"]] * 2
        rig.idle()


async def test_a_serialization_failure_reads_anew(postgres_url: str) -> None:
    async with rigged(postgres_url) as rig:
        async with rig.db.begin() as session:
            await session.execute(INSERT, {"id": 1})
        both = asyncio.Barrier(2)

        async def count_up() -> int:
            met = False

            async def work(session: AsyncSession) -> int:
                nonlocal met
                found = int((await session.execute(text("SELECT max(id) FROM notes"))).scalar_one())
                if not met:
                    met = True
                    await both.wait()
                await session.execute(text("UPDATE notes SET id = id + 1"))
                return found + 1

            return await rig.db.run(work, isolation="SERIALIZABLE")

        assert sorted(await asyncio.gather(count_up(), count_up())) == [2, 3]
        rig.idle()


async def test_without_a_retry_in_the_budget_there_is_one_attempt(postgres_url: str) -> None:
    async with rigged(postgres_url, section={"retry": {}}) as rig:
        attempts = 0

        async def work(session: AsyncSession) -> None:
            nonlocal attempts
            attempts += 1
            await session.execute(
                text("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$")
            )

        with pytest.raises(CallFailed) as failed:
            await rig.db.run(work)
        assert (failed.value.cause, failed.value.dependency, attempts) == ("serialization failure", "db", 1)
        rig.idle()


async def test_any_other_error_is_the_works_own_and_leaves_nothing(url: str) -> None:
    async with rigged(url) as rig:

        async def work(session: AsyncSession) -> None:
            await session.execute(INSERT, {"id": 1})
            await session.execute(INSERT, {"id": 1})

        with pytest.raises(IntegrityError):
            await rig.db.run(work)
        assert await notes(rig) == 0
        assert rig.of(RetryDecided) == []
        rig.idle()
