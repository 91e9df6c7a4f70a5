"""Keys in a table, through SQLAlchemy's asyncio: PostgreSQL and SQLite.

Each word is one statement that commits by itself (autocommit), so that a claim is seen at once, and its
condition is in the statement, so that the database decides between two who want the same. Only `complete_in`
is part of somebody else's transaction: there the key and the effect are one.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from holdfast.errors import UsageError
from holdfast.policy.idempotency.answer import Answer
from holdfast.policy.idempotency.core import MOVES, Move, Record, State
from holdfast.policy.idempotency.key import KeyId
from holdfast.policy.idempotency.store import Claimed, Clock, Seen, StoreDown, Unresolved
from holdfast.policy.idempotency.store.statements import Statements
from holdfast.policy.idempotency.store.table import NAME, idempotency_table

if TYPE_CHECKING:
    from sqlalchemy import CursorResult, Executable, MetaData
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

__all__ = ["SqlStore"]


class SqlStore:
    """Keys in the database of `engine`, in a table of `metadata` (its own where None) and `schema`.

    `owned`: close the engine with the store; `name`: what callers and logs call it, by default as the
    database. A word takes a connection from the engine's pool for a moment: a request that holds one already
    needs a second, so the pool has room for both.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        metadata: MetaData | None = None,
        schema: str | None = None,
        now: Clock | None = None,
        owned: bool = False,
        name: str | None = None,
    ) -> None:
        if engine.dialect.name not in ("postgresql", "sqlite"):
            raise UsageError(
                f"keys are kept in PostgreSQL or SQLite, not in {engine.dialect.name}",
                place="idempotency.store",
            )
        self.table = idempotency_table(metadata, schema=schema)
        self.name = name or engine.url.database or engine.dialect.name
        self.engine = engine
        self._auto = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._now = now
        self._owned = owned
        # SQLite locks the whole file for any INSERT, also for one that inserts nothing.
        self._look_first = engine.dialect.name == "sqlite"
        self._say = Statements(self.table, engine.dialect.name, fixed=now is not None)

    async def create_tables(self) -> None:
        """Create the table where it is missing; for services without migrations."""
        async with self._words() as connection:
            await connection.run_sync(self.table.create, checkfirst=True)

    async def insert(self, key: KeyId, claimed: Claimed) -> Seen | None:
        """See Store."""
        async with self._words() as connection:
            if self._look_first and (seen := await self._look(connection, key)):
                return seen
            while True:
                inserted = await connection.execute(self._say.insert, self._claim(key, claimed))
                if inserted.first() is not None:
                    return None
                if seen := await self._look(connection, key):
                    return seen  # else it was freed in between

    async def replace(self, key: KeyId, seen: Record, claimed: Claimed) -> bool:
        """See Store."""
        return await self._changed(self._say.replace, self._claim(key, claimed) | _as_seen(seen))

    async def declare_unknown(self, key: KeyId, seen: Record, token: str) -> bool:
        """See Store."""
        return await self._changed(self._say.declare, self._at(key) | _as_seen(seen) | {"p_token": token})

    async def renew(self, key: KeyId, token: str, lease: float) -> bool:
        """See Store."""
        return await self._changed(self._say.renew, self._own(key, token, Move.RENEW) | {"p_lease": lease})

    async def complete(self, key: KeyId, token: str, answer: Answer, retention: float) -> bool:
        """See Store."""
        return await self._changed(self._say.complete, self._completion(key, token, answer, retention))

    async def complete_in(
        self, session: AsyncSession, key: KeyId, token: str, answer: Answer, retention: float
    ) -> bool:
        """See Shared. The row stays locked until the transaction ends: who wants the key waits."""
        await session.flush()
        connection = await session.connection()
        said = self._completion(key, token, answer, retention)
        done: CursorResult[Any] = await connection.execute(self._say.complete, said)
        return done.rowcount == 1

    async def free(self, key: KeyId, token: str) -> bool:
        """See Store."""
        return await self._changed(self._say.free, self._own(key, token, Move.FREE))

    async def abandon(self, key: KeyId, token: str, retention: float) -> bool:
        """See Store."""
        said = self._own(key, token, Move.ABANDON) | {"p_retention": retention}
        return await self._changed(self._say.abandon, said)

    async def sweep(self, most: int) -> int:
        """See Store."""
        async with self._words() as connection:
            done: CursorResult[Any] = await connection.execute(
                self._say.sweep, self._time() | {"p_most": most}
            )
            return done.rowcount

    async def unresolved(self, most: int) -> list[Unresolved]:
        """See Store."""
        async with self._words() as connection:
            found = await connection.execute(self._say.unresolved, {"p_most": most})
            return [Unresolved(KeyId(tenant, key), route) for tenant, key, route in found]

    async def resolve(self, key: KeyId, answer: Answer | None, retention: float) -> bool:
        """See Store."""
        if answer is None:
            return await self._changed(self._say.forget, self._at(key))
        said = self._at(key) | {"p_answer": answer.dump(), "p_retention": retention}
        return await self._changed(self._say.resolve, said)

    async def check(self) -> list[str]:
        """See Store."""
        from sqlalchemy import inspect

        def there(connection: Any) -> bool:
            return bool(inspect(connection).has_table(self.table.name, schema=self.table.schema))

        async with self._words() as connection:
            if not await connection.run_sync(there):
                raise UsageError(
                    f"the table {NAME} is missing: migrate (idempotency_table(metadata) for Alembic), or "
                    "await create_tables() once",
                    place="idempotency.store",
                )
        return []

    async def aclose(self) -> None:
        """See Store."""
        if self._owned:
            await self.engine.dispose()

    @contextlib.asynccontextmanager
    async def _words(self) -> AsyncIterator[AsyncConnection]:
        from sqlalchemy.exc import SQLAlchemyError

        try:
            async with self._auto.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise StoreDown(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}") from error

    async def _changed(self, statement: Executable, said: dict[str, Any]) -> bool:
        async with self._words() as connection:
            done: CursorResult[Any] = await connection.execute(statement, said)
            return done.rowcount == 1

    async def _look(self, connection: AsyncConnection, key: KeyId) -> Seen | None:
        found = (await connection.execute(self._say.look, self._at(key))).first()
        if found is None:
            return None
        state, token, fingerprint, repeatable, lease, expires, route, answer, now = found
        try:
            stored, known = None if answer is None else Answer.load(bytes(answer)), State(state)
        except ValueError as error:
            raise StoreDown(f"what is stored of a key cannot be read: {error}") from error
        return Seen(Record(known, token, bytes(fingerprint), repeatable, lease, expires, route, stored), now)

    def _time(self) -> dict[str, Any]:
        return {} if self._now is None else {"p_now": self._now()}

    def _at(self, key: KeyId) -> dict[str, Any]:
        return {"p_tenant": key.tenant, "p_key": key.key, **self._time()}

    def _own(self, key: KeyId, token: str, move: Move) -> dict[str, Any]:
        return self._at(key) | {"p_token": token, "p_states": [state.value for state in MOVES[move][0]]}

    def _claim(self, key: KeyId, claimed: Claimed) -> dict[str, Any]:
        return self._at(key) | {
            "p_token": claimed.token,
            "p_fingerprint": claimed.fingerprint,
            "p_repeatable": claimed.repeatable,
            "p_route": claimed.route[:255],
            "p_lease": claimed.lease,
            "p_retention": claimed.retention,
        }

    def _completion(self, key: KeyId, token: str, answer: Answer, retention: float) -> dict[str, Any]:
        own = self._own(key, token, Move.COMPLETE)
        return own | {"p_answer": answer.dump(), "p_retention": retention}


def _as_seen(seen: Record) -> dict[str, Any]:
    return {"p_seen_token": seen.token, "p_seen_state": seen.state.value}
