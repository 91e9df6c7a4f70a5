"""A session that only reads: from whichever database is to be asked, chosen with its first statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import ORMExecuteState, Session

from holdfast.client.sql.watch.watch import WatchedSession
from holdfast.errors import UsageError

__all__ = ["ReadingSession"]


class ReadingSession(WatchedSession):
    """`connect()` returns the connection of a session that has none; asked in SQLAlchemy's greenlet."""

    def __init__(self, *args: Any, connect: Callable[[], Connection], **options: Any) -> None:
        super().__init__(*args, **options)
        self._connect = connect
        self._taken: Connection | None = None

    def get_bind(self, *args: Any, **options: Any) -> Connection:
        """Return the connection, also for statements of other mappers: one transaction sees one database."""
        if self._taken is None:
            self._taken = self._connect()
        return self._taken

    def close(self) -> None:
        """Give the connection back."""
        taken, self._taken = self._taken, None
        try:
            super().close()
        finally:
            if taken is not None:
                taken.close()


def _flushed(session: Session, *_: Any) -> None:
    if session.new or session.dirty or session.deleted:
        raise UsageError("this session only reads: what it would write would be lost with a replica")


def _executed(state: ORMExecuteState) -> None:
    if state.is_insert or state.is_update or state.is_delete:
        raise UsageError("this session only reads: write with another one")


event.listen(ReadingSession, "before_flush", _flushed)
event.listen(ReadingSession, "do_orm_execute", _executed)
