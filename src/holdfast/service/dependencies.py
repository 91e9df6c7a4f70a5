"""The clients of an app's dependencies: made from the budget, shown on the board, closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from holdfast.errors import UsageError
from holdfast.policy.mode import Mode
from holdfast.policy.retry import RetryBudget
from holdfast.service.observing import tell
from holdfast.telemetry.board import DependencyCell, Slot

if TYPE_CHECKING:
    from holdfast.budget import Loaded
    from holdfast.budget.model import Dependency
    from holdfast.client.coroutine import CoroutineDependency
    from holdfast.client.http import BlockingClient, DependencyClient
    from holdfast.client.redis import DependencyRedis
    from holdfast.client.sql import BlockingDatabase, Database
    from holdfast.client.sql.state import SqlState
    from holdfast.client.state import DependencyState
    from holdfast.client.threads import Home

__all__ = ["Dependencies"]

SqlFace = TypeVar("SqlFace", "Database", "BlockingDatabase")


class _Client(Protocol):
    async def aclose(self) -> None:
        """Close the connections of the running loop."""


class Dependencies:
    """Of one app. The clients are made with the app and outlive the loops that it runs on.

    What is made for one name shares one state: a breaker, a bulkhead, a retry budget. Between `begin` and
    `end` what runs on a loop has them on its slot of the board.
    """

    __slots__ = ("_closing", "_databases", "_home", "_loaded", "_retries", "_slot", "_states")

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._states: dict[str, DependencyState] = {}
        self._databases: dict[str, SqlState] = {}
        self._closing: list[_Client] = []
        self._home: Home | None = None
        ratio = loaded.budget.retry.budget
        self._retries = None if ratio is None else RetryBudget(ratio)
        self._slot: Slot | None = None

    def http(self, name: str, *, mode: Mode | None = None, **options: Any) -> DependencyClient:
        """Return the client of the HTTP dependency `name`, see `Holdfast.http`."""
        from holdfast.client.http import client

        section = self._section(name, "hold.http")
        made = client(name, section, state=self._state(name, section, mode, "hold.http"), **options)
        self._closing.append(made.policies)
        return made

    def blocking_http(self, name: str, *, mode: Mode | None = None, **options: Any) -> BlockingClient:
        """Return the client of the HTTP dependency `name` for threads, see `Holdfast.http`."""
        from holdfast.client.http import blocking_client

        section = self._section(name, "hold.http")
        state = self._state(name, section, mode, "hold.http")
        made = blocking_client(name, section, state=state, home=self.home, **options)
        self._closing.append(made.policies)
        return made

    def redis(self, name: str, *, mode: Mode | None = None, **options: Any) -> DependencyRedis:
        """Return the client of the Redis dependency `name`, see `Holdfast.redis`."""
        from holdfast.client.redis import client

        section = self._section(name, "hold.redis")
        if section.kind != "redis":
            raise UsageError(f'"{name}" is of kind {section.kind}, and no Redis', place="hold.redis")
        made = client(name, section, state=self._state(name, section, mode, "hold.redis"), **options)
        self._closing.append(made)
        return made

    def coroutine(self, name: str, *, mode: Mode | None = None, **options: Any) -> CoroutineDependency[Any]:
        """Return the policies of the dependency `name` for functions, see `Holdfast.dependency`."""
        from holdfast.client.coroutine import CoroutineDependency

        section = self._section(name, "hold.dependency")
        state = self._state(name, section, mode, "hold.dependency")
        return CoroutineDependency(state, home=self.home, **options)

    def sql(self, name: str, **options: Any) -> Database:
        """Return the database of the dependency `name`, see `Holdfast.sql`."""
        from holdfast.client.sql import database

        section, shared = self._database(name, options)
        replicas = [self.sql(copy) for copy in self._copies(name)]
        made = database(name, section, replicas=replicas, **shared, **options)
        return self._made(name, made)

    def blocking_sql(self, name: str, **options: Any) -> BlockingDatabase:
        """Return the database of the dependency `name` for threads, see `Holdfast.sql`."""
        from holdfast.client.sql import blocking_database

        section, shared = self._database(name, options)
        shared["copies"] = tuple(self._copies(name))
        return self._made(name, blocking_database(name, section, home=self.home, **shared, **options))

    def _copies(self, name: str) -> list[str]:
        """Return the names of the replicas of `name`."""
        known = self._loaded.budget.dependency.items()
        return [copy for copy, section in known if section.replica is not None and section.replica.of == name]

    def _database(self, name: str, options: dict[str, Any]) -> tuple[Dependency, dict[str, Any]]:
        """Return the section, and what all that is made for one database has in common."""
        from holdfast.budget.model.dependency import DATABASES
        from holdfast.service.numbers import numbers, workers

        section = self._section(name, "hold.sql")
        if section.kind not in DATABASES:
            raise UsageError(f'"{name}" is of kind {section.kind}, and no database', place="hold.sql")
        state = self._databases.get(name)
        if state is not None:
            if {"mode", "strict"} & options.keys():
                raise UsageError(f'"{name}" has its mode and strictness already', place="hold.sql")
            return section, {"pool": None, "state": state}
        pool = numbers(self._loaded).get(f"dependency.{name}.pool")
        return section, {
            "pool": None if pool is None else int(pool.value),
            "processes": workers(self._loaded),
            "retries": self._retries,
        }

    def _made(self, name: str, made: SqlFace) -> SqlFace:
        if name not in self._databases:
            self._databases[name] = made.state
            if self._slot is not None:
                _tell(self._slot, name, made.state)
        self._closing.append(made)
        return made

    @property
    def home(self) -> Home:
        """Where the policies of threads run: on the app's loop."""
        if self._home is None:
            from holdfast.client.threads import Home

            self._home = Home()
            if self._slot is not None:
                self._home.begin()
        return self._home

    def begin(self, slot: Slot) -> None:
        """Say of each client what it only observes; the app runs on the running loop."""
        self._slot = slot
        if self._home is not None:
            self._home.begin()
        for name, client in self._all():
            _tell(slot, name, client)

    def write(self, slot: Slot) -> None:
        """Write the calls in flight, and the pools, to the board."""
        for name, client in self._all():
            slot.dependencies.row(name)[DependencyCell.IN_FLIGHT] = client.in_flight
        for database in self._databases.values():
            database.sample(slot)

    def end(self) -> None:
        """Nothing runs any more."""
        self._slot = None
        if self._home is not None:
            self._home.end()

    async def aclose(self) -> None:
        """Close connections, not the clients: whoever starts the app again finds them in working order."""
        for client in reversed(self._closing):  # a database before its replicas, which it asks
            await client.aclose()
        for database in self._databases.values():
            await database.aclose()

    def _all(self) -> Iterator[tuple[str, DependencyState | SqlState]]:
        yield from self._states.items()
        yield from self._databases.items()

    def _state(self, name: str, section: Dependency, mode: Mode | None, place: str) -> DependencyState:
        """Return what all that is made for `name` shares."""
        from holdfast.client.state import DependencyState
        from holdfast.policy.call import CallConfig
        from holdfast.service.numbers import workers

        state = self._states.get(name)
        if state is None:
            config = CallConfig.from_budget(name, section, processes=workers(self._loaded), mode=mode)
            unasked = _UNASKED.get(section.kind, "")
            config = replace(config, missing=tuple(one for one in config.missing if one != unasked))
            state = self._states[name] = DependencyState(config, retries=self._retries)
            if self._slot is not None:
                _tell(self._slot, name, state)
        elif mode is not None and state.config.timeout_mode is not mode:
            raise UsageError(f'"{name}" has another mode already', place=place)
        return state

    def _section(self, name: str, place: str) -> Dependency:
        known = self._loaded.budget.dependency
        section = known.get(name)
        if section is None:
            names = ", ".join(known) or "none"
            raise UsageError(f'the budget has no dependency "{name}"; known: {names}', place=place)
        return section


def _tell(slot: Slot, name: str, client: DependencyState | SqlState) -> None:
    observes = client.config.timeout_mode is Mode.OBSERVE
    if client.config.missing or observes:
        rest = "what is decided only observes" if observes else "what is decided holds"
        tell(slot, f"dependency {name}", client.config.missing, rest=rest)


_UNASKED = {"redis": "fallback", "other": "timeout.connect"}
"""What nobody has to decide of a kind: what stands in for Redis is said where the client is made, and what a
function calls connects by itself."""
