"""The engine of one database on one loop, by the budget."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from holdfast.client.sql.checkout import Checkout
from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.driver import connect_args
from holdfast.client.sql.pool import GuardedPool
from holdfast.client.sql.verdicts import judge_statement
from holdfast.errors import CallFailed

__all__ = ["engine", "pool_size"]


def pool_size(url: URL, config: SqlConfig) -> int | None:
    """Return the connections that the pool may have, None where nobody has decided.

    A SQLite database in memory is its connection, so there is one.
    """
    in_memory = url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")
    return 1 if in_memory else config.pool


def engine(url: URL, config: SqlConfig, checkout: Checkout, **options: Any) -> AsyncEngine:
    """Return an engine whose pool asks `checkout`; `options` are create_async_engine's own."""
    if checkout.places is not None:
        # The places are the bound, and the pool keeps what they let it make.
        options |= {"pool_size": checkout.places.size, "max_overflow": -1}
    made = create_async_engine(
        url,
        poolclass=GuardedPool,
        pool_pre_ping=True,
        pool_recycle=config.recycle,
        pool_use_lifo=True,  # what is not needed grows old and is replaced, not kept warm in turns
        connect_args=connect_args(url, config) | options.pop("connect_args", {}),
        **options,
    )
    pool = made.sync_engine.pool
    assert isinstance(pool, GuardedPool)  # noqa: S101 - asked for above
    pool.checkout = checkout

    def unavailable(context: ExceptionContext) -> BaseException | None:
        if context.connection is None:
            return None  # while a connection is made or pinged, which the checkout judges
        verdict = judge_statement(context.original_exception, lost=context.is_disconnect)
        return None if verdict is None else CallFailed(config.dependency, verdict.cause)

    event.listen(made.sync_engine, "handle_error", unavailable)
    return made
