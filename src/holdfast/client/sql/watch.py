"""Listening to an engine: repeated and slow statements, and calls to others while a transaction is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import ORMExecuteState, RelationshipProperty, Session

from holdfast.client.sql.checkout import Hold
from holdfast.client.sql.codeline import NOWHERE, CodeLine, code_line
from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.seen import Reporter
from holdfast.client.sql.usage import usage
from holdfast.clock import Now, monotonic
from holdfast.events import CallEnded

__all__ = ["Watch", "WatchedSession"]

_BEGAN = "holdfast.began"
_LOAD = "holdfast_load"


class WatchedSession(Session):
    """SQLAlchemy's session; what it loads by itself carries the option that would have loaded it before."""


def _loads(state: ORMExecuteState) -> None:
    if not (state.is_orm_statement and state.is_select):
        return
    if state.lazy_loaded_from is not None:
        state.update_execution_options(**{_LOAD: _eager(state)})
    elif state.is_column_load:
        mapper = state.bind_mapper
        name = "the columns" if mapper is None else f"the columns of {mapper.class_.__name__}"
        state.update_execution_options(**{_LOAD: f"load {name} with the query: undefer(...), or no refresh"})


event.listen(WatchedSession, "do_orm_execute", _loads)


class Watch:
    """Of one database on one loop."""

    __slots__ = ("_name", "_now", "_repeats", "_reporter", "_slow")

    def __init__(self, config: SqlConfig, reporter: Reporter, *, now: Now = monotonic) -> None:
        self._name = config.dependency
        self._slow = config.slow
        self._repeats = config.repeats
        self._reporter = reporter
        self._now = now

    def attach(self, engine: AsyncEngine) -> None:
        """Listen to `engine`."""
        listeners: dict[str, Callable[..., Any]] = {
            "before_cursor_execute": self._before,
            "after_cursor_execute": self._after,
            "begin": self._opened,
            "commit": self._closed,
            "rollback": self._closed,
        }
        for name, listener in listeners.items():
            event.listen(engine.sync_engine, name, listener)

    def called(self, ended: CallEnded) -> None:
        """See a call to another dependency that was made within a transaction."""
        here = usage()
        if here is None or here.since is None or ended.dependency == self._name or not ended.attempts:
            return
        if ended.at - ended.duration >= here.since:
            detail = (
                f"a call to {ended.dependency} ({ended.duration * 1000:.0f} ms) while a transaction is open: "
                "it holds a connection and its locks; call before the first statement or after the commit"
            )
            here.seen.append(self._reporter.tell("outside call", code_line(), detail))

    def leaked(self, hold: Hold) -> None:
        """Tell of a connection whose request is over."""
        taken = " < ".join(f"{file}:{line} {function}" for file, line, function in hold.stack)
        seconds = self._now() - hold.since
        detail = f"a connection is out for {seconds:.1f} s, past its request's deadline; taken by {taken}"
        self._reporter.tell("leaked", hold.stack[0] if hold.stack else NOWHERE, detail)

    def _opened(self, connection: Connection) -> None:
        here = usage()
        if here is not None:
            here.since = self._now()

    def _closed(self, connection: Connection) -> None:
        here = usage()
        if here is not None:
            here.since = None

    def _before(self, connection: Connection, *_: Any) -> None:
        connection.info[_BEGAN] = self._now()

    def _after(
        self,
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: ExecutionContext,
        many: bool,
    ) -> None:
        here = usage()
        took = self._now() - connection.info.pop(_BEGAN, self._now())
        slow = self._slow is not None and took >= self._slow
        if here is None and not slow:
            return
        line = code_line()
        if slow:
            told = self._reporter.tell(
                "slow", line, f"a statement took {took * 1000:.0f} ms: {_short(statement)}"
            )
            if here is not None:
                here.seen.append(told)
        if here is not None and here.count(statement, line) == self._repeats:
            here.seen.append(self._reporter.tell("repeated", line, self._repeated(statement, context, line)))

    def _repeated(self, statement: str, context: ExecutionContext, line: CodeLine) -> str:
        instead = context.execution_options.get(_LOAD) or _instead(statement)
        return f"one statement {self._repeats} times in one request (N+1): {_short(statement)}; {instead}"


def _instead(statement: str) -> str:
    verb = statement.lstrip()[:6].upper()
    if verb == "INSERT":
        return "insert the rows with one statement: insert(...).values([...]) or insert_returning"
    if verb in ("UPDATE", "DELETE"):
        return "change the rows with one statement: where(....in_(...))"
    return "read the rows with one statement: select(...).where(....in_(...))"


def _eager(state: ORMExecuteState) -> str:
    """Return the option that would have loaded with the query what is loaded lazily now."""
    path = state.loader_strategy_path
    relations = [] if path is None else [step for step in path.path if isinstance(step, RelationshipProperty)]
    if not relations:
        return "load it with the query: options(selectinload(...))"
    relation = relations[-1]
    option = "selectinload" if relation.uselist else "joinedload"
    return f"write options({option}({relation.parent.class_.__name__}.{relation.key}))"


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) <= 200 else f"{text[:199]}…"
