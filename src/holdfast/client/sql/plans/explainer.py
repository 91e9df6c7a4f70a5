"""Asking for the plans of slow statements, beside the requests and never instead of one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine import Dialect

from holdfast.client.sql.plans.advice import Advice, advise
from holdfast.client.sql.pool.places import Places
from holdfast.client.sql.verb import only_reads
from holdfast.client.sql.watch.codeline import CodeLine
from holdfast.client.sql.watch.reporter import Reporter
from holdfast.client.threads.handover import call_soon

__all__ = ["Explainer", "Look"]

Look = Callable[[Callable[[Connection], list[Advice]]], Awaitable[list[Advice]]]
"""`await look(func)`: what `func(connection)` returns, with a connection that is then given back."""

_WAITING = 16
"""Statements that wait to be explained; more are not worth the memory of their parameters."""

_KNOWN = 500
"""Statements that have been explained: each once, and of a service that makes its own up not for ever."""


class _Slow(NamedTuple):
    statement: str
    parameters: Any
    line: CodeLine
    look: Look


class Explainer:
    """Of one database on one loop. Each statement is explained once, one at a time.

    Only what surely reads, and while a place in the pool is free. Parameters are kept until then, and told to
    nobody but the database.
    """

    __slots__ = ("_known", "_looks", "_loop", "_places", "_reporter", "_task", "_waiting")

    def __init__(self, reporter: Reporter, places: Places | None) -> None:
        self._reporter = reporter
        self._places = places
        self._loop = asyncio.get_running_loop()
        self._looks: dict[Dialect, Look] = {}
        self._known: set[str] = set()
        self._waiting: deque[_Slow] = deque(maxlen=_WAITING)
        self._task: asyncio.Task[None] | None = None

    def through(self, dialect: Dialect, look: Look) -> None:
        """Ask through `look` for the plans of what an engine's `dialect` has worded."""
        self._looks[dialect] = look

    def slow(self, connection: Connection, statement: str, parameters: Any, line: CodeLine) -> None:
        """Have a statement explained, some time; from any thread, and at once back."""
        look = self._looks.get(connection.dialect)
        if look is None or statement in self._known:
            return
        if statement.lstrip()[:6].upper().startswith(("SELECT", "WITH")) and only_reads(statement):
            call_soon(self._loop, self._note, _Slow(statement, parameters, line, look))

    async def aclose(self) -> None:
        """Stop."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _note(self, slow: _Slow) -> None:
        if slow.statement in self._known or len(self._known) >= _KNOWN:
            return
        if self._places is not None and self._places.taken >= self._places.size:
            return  # the next time that it is slow, perhaps
        self._known.add(slow.statement)
        self._waiting.append(slow)
        if self._task is None:
            # In a context of its own: it is no part of the request that was slow.
            self._task = self._loop.create_task(self._explain(), context=Context())

    async def _explain(self) -> None:
        try:
            while self._waiting:
                slow = self._waiting.popleft()
                asked = partial(advise, statement=slow.statement, parameters=slow.parameters)
                try:
                    advices = await slow.look(asked)
                except Exception:  # noqa: BLE001, S112 - no plan is no reason to fail anything
                    continue
                for advice in advices:
                    self._reporter.tell("unindexed", slow.line, advice.text)
        finally:
            self._task = None
