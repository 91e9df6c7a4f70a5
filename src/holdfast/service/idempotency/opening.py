"""From what somebody calls a store to a store: a dependency's name, an engine, a session maker, a client."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.budget import Budget
from holdfast.budget.address import address
from holdfast.errors import UsageError
from holdfast.policy.idempotency import IdempotencyConfig, Store

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Opened", "opened"]

_KINDS = ("postgres", "sqlite", "redis")
_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """How to make the store on a loop, and a session beside it; `shares`: it has transactions."""

    store: Callable[[], Store]
    session: Callable[[Store], Any] | None
    shares: bool


def opened(
    place: Any,
    sessions: Callable[[], Any] | None,
    budget: Budget,
    connections: Callable[[str], int],
    config: IdempotencyConfig,
) -> Opened:
    """Return how to open `place`. Nothing is connected. Raises UsageError for what is no store."""
    given = None if sessions is None else (lambda store: sessions())
    if isinstance(place, str):
        return _dependency(place, given, budget, connections, config)
    engine = _engine(place)
    if engine is not None:
        return Opened(lambda: _sql(engine, owned=False), given or _sessions(place, engine), shares=True)
    if hasattr(place, "register_script"):
        from holdfast.policy.idempotency.store.redis import RedisStore

        return Opened(lambda: RedisStore(place), given, shares=False)
    if hasattr(place, "insert") and hasattr(place, "declare_unknown"):
        return Opened(lambda: place, given, shares=hasattr(place, "complete_in"))
    raise UsageError(
        "expected a dependency's name, an AsyncEngine, an async_sessionmaker, a redis.asyncio client or a "
        f"Store, got {type(place).__name__}",
        place="hold.idempotent",
    )


def _dependency(
    name: str,
    given: Callable[[Store], Any] | None,
    budget: Budget,
    connections: Callable[[str], int],
    config: IdempotencyConfig,
) -> Opened:
    section = budget.dependency.get(name)
    if section is None:
        known = ", ".join(budget.dependency) or "none"
        raise UsageError(f'the budget has no dependency "{name}"; known: {known}', place="idempotency.store")
    if section.kind not in _KINDS:
        message = f'keys are kept in a dependency of kind {", ".join(_KINDS)}; "{name}" is {section.kind}'
        raise UsageError(message, place="idempotency.store")

    place = section.url_env or ""

    def url() -> str:
        return address(name, section.url_env, os.environ)

    if section.kind == "redis":

        def redis() -> Store:
            from holdfast.policy.idempotency.store.redis import RedisStore, connect

            try:
                client = connect(url(), patience=config.patience, connections=connections(name))
            except ValueError as error:
                raise UsageError("expected redis://, rediss:// or unix://", place=place) from error
            return RedisStore(client, owned=True, name=name)

        return Opened(redis, given, shares=False)

    def sql() -> Store:
        return _sql(_made(url(), place, connections(name), config.patience), owned=True, name=name)

    return Opened(sql, given or _beside, shares=True)


def _made(url: str, place: str, connections: int, patience: float) -> AsyncEngine:
    """Return an engine for the address in the variable `place`; raise UsageError for a bad one."""
    try:
        from sqlalchemy.exc import ArgumentError
        from sqlalchemy.ext.asyncio import create_async_engine
    except ImportError:
        missing = "keys in SQL need SQLAlchemy: pip install 'holdfast[sql]'"
        raise UsageError(missing, place="sqlalchemy") from None
    scheme, found, rest = url.partition("://")
    # Whoever waits for a connection holds up a request: no longer than for the store itself.
    try:
        return create_async_engine(
            f"{_DRIVERS.get(scheme, scheme)}{found}{rest}",
            pool_size=connections,
            max_overflow=0,
            pool_timeout=patience,
        )
    except ModuleNotFoundError as error:
        raise UsageError(f"its driver is not installed: {error.name}", place=place) from error
    except ArgumentError as error:
        raise UsageError("expected the address of a database: postgresql://HOST/NAME", place=place) from error


def _sql(engine: AsyncEngine, *, owned: bool, name: str | None = None) -> Store:
    from holdfast.policy.idempotency.store.sql import SqlStore

    return SqlStore(engine, owned=owned, name=name)


def _engine(place: Any) -> AsyncEngine | None:
    """Return the engine of an engine or of a session maker; None of anything else."""
    try:
        from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
    except ImportError:
        return None
    if isinstance(place, async_sessionmaker):
        place = place.kw.get("bind")
    return place if isinstance(place, AsyncEngine) else None


def _sessions(place: Any, engine: AsyncEngine) -> Callable[[Store], Any]:
    from sqlalchemy.ext.asyncio import async_sessionmaker

    maker = (
        place if isinstance(place, async_sessionmaker) else async_sessionmaker(engine, expire_on_commit=False)
    )
    return lambda store: maker()


def _beside(store: Any) -> Any:
    """Return a session on the store's own engine."""
    from sqlalchemy.ext.asyncio import AsyncSession

    return AsyncSession(store.engine, expire_on_commit=False)
