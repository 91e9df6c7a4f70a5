"""What the budget says of a database, for one process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from holdfast.policy.call.config import CallConfig, DependencySection
from holdfast.policy.mode import Mode
from holdfast.policy.require import at_least, positive

__all__ = ["SqlConfig", "SqlSection"]


class SqlTable(Protocol):
    """The budget's [dependency.NAME.sql]."""

    @property
    def pgbouncer(self) -> bool:
        """Whether PgBouncer in transaction mode stands before it."""

    @property
    def slow(self) -> float | None:
        """Seconds from which on a statement is slow."""

    @property
    def explain(self) -> bool:
        """Whether the plans of slow statements are searched for missing indexes."""

    @property
    def recycle(self) -> float:
        """Seconds after which a connection is replaced."""

    @property
    def repeats(self) -> int:
        """How often one statement of one line in one request is N+1."""


class ReplicaTable(Protocol):
    """The budget's [dependency.NAME.replica]."""

    @property
    def lag(self) -> float | None:
        """Seconds that it may be behind."""


class SqlSection(DependencySection, Protocol):
    """The budget's [dependency.NAME] of kind "postgres", "mysql" or "sqlite"."""

    @property
    def url_env(self) -> str | None:
        """The environment variable with the address."""

    @property
    def sql(self) -> SqlTable:
        """What is said of databases only."""

    @property
    def replica(self) -> ReplicaTable | None:
        """Of which database it is a copy, None where it is none."""


@dataclass(frozen=True, slots=True)
class SqlConfig:
    """`call`: the policies around a checkout.

    pool: connections that this process may have; None where the budget lacks what it follows from, or where
        it was decided to observe: then the pool is as SQLAlchemy has it, 5 connections and 10 more.
    connect, statement: seconds that a connection may take to make, and a statement to run; None: no limit.
    recycle: seconds after which a connection is replaced.
    slow: seconds from which on a statement is told; repeats: how often one is N+1; explain: the plans of slow
        ones are searched for missing indexes.
    lag: of a replica, seconds that it may be behind; None where it is none, or nobody has decided.
    missing: what nobody has decided, below the dependency, and what the pool's number lacks.
    """

    call: CallConfig
    pool: int | None = None
    connect: float | None = None
    statement: float | None = None
    recycle: float = 1800.0
    pgbouncer: bool = False
    slow: float | None = None
    repeats: int = 5
    explain: bool = False
    lag: float | None = None
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        positive(
            connect=self.connect, statement=self.statement, recycle=self.recycle, slow=self.slow, lag=self.lag
        )
        at_least(1, pool=self.pool)
        at_least(2, repeats=self.repeats)

    @property
    def dependency(self) -> str:
        """The name of the dependency."""
        return self.call.dependency

    @property
    def timeout_mode(self) -> Mode:
        """Whether its limits are kept."""
        return self.call.timeout_mode

    @classmethod
    def from_budget(
        cls,
        dependency: str,
        section: SqlSection,
        *,
        pool: int | None,
        processes: int = 1,
        mode: Mode | None = None,
    ) -> SqlConfig:
        """Return the policies that have numbers; `pool`: the derived dependency.NAME.pool, None without it.

        `processes`: workers x replicas that share the other numbers. `mode`: instead of the section's.
        """
        call = CallConfig.from_budget(dependency, section, processes=processes, mode=mode)
        replica = section.replica
        # Of a session there is no substitute, and where the pool has a size it bounds the calls already.
        unasked = ("fallback",) if pool is None else ("fallback", "bulkhead")
        missing = [name for name in call.missing if name not in unasked]
        if pool is None:
            missing.insert(0, "pool")
        if replica is not None and replica.lag is None:
            missing.append("replica.lag")
        enforced = call.timeout_mode is Mode.ENFORCE
        return cls(
            # The limit of an attempt is the driver's, for a statement as for a ping: what waits for a
            # connection of ours waits for us, and no failure of the database's may be made of it.
            replace(call, timeout=None),
            pool=pool if enforced else None,
            connect=section.timeout.connect if enforced else None,
            statement=section.timeout.total if enforced else None,
            recycle=section.sql.recycle,
            pgbouncer=section.sql.pgbouncer,
            slow=section.sql.slow,
            repeats=section.sql.repeats,
            explain=section.sql.explain,
            lag=None if replica is None else replica.lag,
            missing=tuple(missing),
        )
