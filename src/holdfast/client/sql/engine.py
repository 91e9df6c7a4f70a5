"""The engine of one database on one loop, by the budget."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from holdfast.client.sql.config import SqlConfig
from holdfast.client.sql.driver import connect_args, limit_statements
from holdfast.client.sql.pool.checkout import Checkout
from holdfast.client.sql.pool.guarded import GuardedPool
from holdfast.client.sql.verdicts import judge_statement
from holdfast.errors import CallFailed
from holdfast.telemetry.traces.sql import attach

__all__ = ["engine", "engine_options", "tell_unavailable"]


def engine(url: URL, config: SqlConfig, checkout: Checkout, **options: Any) -> AsyncEngine:
    """Return an engine whose pool asks `checkout`; `options` are create_async_engine's own."""
    if checkout.places is not None:
        # The places are the bound, and the pool keeps what they let it make.
        options |= {"pool_size": checkout.places.size, "max_overflow": -1}
    made = create_async_engine(url, poolclass=GuardedPool, **engine_options(url, config, options))
    pool = made.sync_engine.pool
    assert isinstance(pool, GuardedPool)  # noqa: S101 - asked for above
    pool.stand_behind(checkout)
    limit_statements(made.sync_engine, config)
    tell_unavailable(made.sync_engine, config.dependency)
    attach(made.sync_engine, config.dependency)
    return made


def engine_options(url: URL, config: SqlConfig, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that every engine has, and `options`, create_engine's own."""
    return {
        "pool_pre_ping": True,
        "pool_recycle": config.recycle,
        "pool_use_lifo": True,  # what is not needed grows old and is replaced, not kept warm in turns
        **options,
        "connect_args": connect_args(url, config) | options.get("connect_args", {}),
    }


def tell_unavailable(engine: Engine, dependency: str) -> None:
    """Have statements that find the database unusable raise CallFailed."""

    def unavailable(context: ExceptionContext) -> BaseException | None:
        if context.connection is None:
            return None  # while a connection is made or pinged, which the checkout judges
        verdict = judge_statement(context.original_exception, lost=context.is_disconnect)
        return None if verdict is None else CallFailed(dependency, verdict.cause)

    event.listen(engine, "handle_error", unavailable)
