"""The session whose transaction carries a key: it is committed with the answer, and by nobody else."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from holdfast.errors import UsageError
from holdfast.policy.idempotency import Answer, Claim

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

__all__ = ["Binding"]

_log = logging.getLogger("holdfast.idempotency")
_closing: set[asyncio.Task[None]] = set()


class Binding:
    """A session bound to a request. `owned`: made for it, so closed with it.

    Whoever commits it before the answer is there would part the effect from the key, so that raises
    UsageError. Savepoints are free.
    """

    __slots__ = ("_committing", "_owned", "session")

    def __init__(self, session: AsyncSession, *, owned: bool, route: str) -> None:
        from sqlalchemy import event

        self.session = session
        self._owned = owned
        self._committing = False

        def before_commit(sync: Any) -> None:
            if not self._committing and not sync.in_nested_transaction():
                raise UsageError(
                    "this session's transaction carries the idempotency key: it is committed together with "
                    "the answer. Use flush() where the route or a dependency commits",
                    place=route,
                )

        event.listen(session.sync_session, "before_commit", before_commit)

    async def commit(self, claim: Claim | None, answer: Answer) -> bool:
        """Commit the effect and the key, if there is one, in one transaction. False: the key is not ours."""
        if claim is not None and not await claim.complete_in(self.session, answer):
            await self.roll_back()
            return False
        self._committing = True
        await self.session.commit()
        return True

    async def roll_back(self) -> None:
        """Undo the effect. Raises nothing: a connection that is gone has rolled back."""
        self._committing = True  # whatever a dependency commits from here on is nothing
        try:
            await self.session.rollback()
        except Exception as error:  # noqa: BLE001 - the server undoes what is not committed
            _log.warning("a transaction was not rolled back in order: %s", type(error).__name__)

    async def close(self) -> None:
        """Close the session if it is ours."""
        if self._owned:
            await self.session.close()

    def close_later(self) -> None:
        """Close the session if it is ours, in a task of its own: the request was cancelled."""
        self._committing = not self._owned
        if self._owned:
            task = asyncio.get_running_loop().create_task(self.session.close())
            _closing.add(task)
            task.add_done_callback(_closing.discard)
