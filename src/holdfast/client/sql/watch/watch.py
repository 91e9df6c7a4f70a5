"""Listening to an engine: repeated and slow statements, and calls to others while a transaction is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.orm import ORMExecuteState, RelationshipProperty, Session

from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.pool.hold import Hold
from holdfast.client.sql.watch.codeline import NOWHERE, CodeLine, code_line
from holdfast.client.sql.watch.reporter import Reporter
from holdfast.client.sql.watch.usage import usage
from holdfast.clock import Now, monotonic
from holdfast.events import CallEnded

__all__ = ["OWN", "SlowSeen", "Watch", "WatchedSession"]

_BEGAN = "holdfast.began"
_LOAD = "holdfast_load"

OWN = "holdfast_own"
"""The execution option of statements that are no part of what the service does."""

_TWICE = 2


class SlowSeen(Protocol):
    """Who wants to look at slow statements more closely."""

    def slow(self, connection: Connection, statement: str, parameters: Any, line: CodeLine) -> None:
        """Hear of one, at once back."""


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
    """Of one database on one loop. `copies`: its replicas, which are no others to it. `explainer`: who
    looks at the plans of what is slow.
    """

    __slots__ = ("_explainer", "_now", "_own", "_repeats", "_reporter", "_slow")

    def __init__(
        self,
        config: SqlConfig,
        reporter: Reporter,
        *,
        copies: Iterable[str] = (),
        explainer: SlowSeen | None = None,
        now: Now = monotonic,
    ) -> None:
        self._own = frozenset((config.dependency, *copies))
        self._slow = config.slow
        self._repeats = config.repeats
        self._reporter = reporter
        self._explainer = explainer
        self._now = now

    def attach(self, engine: Engine) -> None:
        """Listen to `engine`."""
        listeners: dict[str, Callable[..., Any]] = {
            "before_cursor_execute": self._before,
            "after_cursor_execute": self._after,
            "begin": self._opened,
            "commit": self._closed,
            "rollback": self._closed,
        }
        for name, listener in listeners.items():
            event.listen(engine, name, listener)

    def called(self, ended: CallEnded) -> None:
        """See a call to another dependency that was made within a transaction."""
        here = usage()
        if here is None or here.since is None or ended.dependency in self._own or not ended.attempts:
            return
        if ended.at - ended.duration >= here.since:
            detail = (
                f"a call to {ended.dependency} ({ended.duration * 1000:.0f} ms) while a transaction is open: "
                "it holds a connection and its locks; call before the first statement or after the commit"
            )
            line = code_line()
            # What a thread calls ends on the loop, where its own lines are not on the stack.
            here.seen.append(
                self._reporter.tell("outside call", here.line if line == NOWHERE else line, detail)
            )

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
        if (here is None and not slow) or context.execution_options.get(OWN):
            return
        line = code_line()
        if slow:
            told = self._reporter.tell(
                "slow", line, f"a statement took {took * 1000:.0f} ms: {_short(statement)}"
            )
            if here is not None:
                here.seen.append(told)
            if self._explainer is not None and not many:
                self._explainer.slow(connection, statement, parameters, line)
        if here is not None:
            instead = context.execution_options.get(_LOAD)
            # Tests have few rows; and what the ORM loads twice by itself, it loads for each of them.
            limit = _TWICE if here.strict and instead else self._repeats
            if here.count(statement, line) == limit:
                detail = f"one statement {limit} times in one request (N+1): {_short(statement)}"
                told = self._reporter.tell("repeated", line, f"{detail}; {instead or _instead(statement)}")
                here.seen.append(told)


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
