"""The clients of an app's dependencies: made from the budget, shown on the board, closed at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from holdfast.errors import UsageError
from holdfast.policy.mode import Mode
from holdfast.policy.retry import RetryBudget
from holdfast.service.observing import tell
from holdfast.telemetry.board import DependencyCell, Slot

if TYPE_CHECKING:
    from holdfast.budget import Loaded
    from holdfast.budget.model import Dependency
    from holdfast.client.coroutine import CoroutineDependency, CoroutineState
    from holdfast.client.http import DependencyClient
    from holdfast.client.sql import Database

__all__ = ["Dependencies"]


class Dependencies:
    """Of one app. The clients are made with the app and outlive the loops that it runs on.

    Between `begin` and `end` what runs on a loop has them on its slot of the board.
    """

    __slots__ = ("_clients", "_coroutines", "_databases", "_loaded", "_retries", "_slot")

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._clients: dict[str, DependencyClient] = {}
        self._coroutines: dict[str, CoroutineState] = {}
        self._databases: dict[str, Database] = {}
        ratio = loaded.budget.retry.budget
        self._retries = None if ratio is None else RetryBudget(ratio)
        self._slot: Slot | None = None

    def http(self, name: str, **options: Any) -> DependencyClient:
        """Return the client of the HTTP dependency `name`, see `Holdfast.http`."""
        from holdfast.client.http import client
        from holdfast.service.numbers import workers

        section = self._section(name, "hold.http")
        made = self._clients[name] = client(
            name, section, processes=workers(self._loaded), retries=self._retries, **options
        )
        if self._slot is not None:
            _tell(self._slot, name, made)
        return made

    def coroutine(self, name: str, *, mode: Mode | None = None, **options: Any) -> CoroutineDependency[Any]:
        """Return the policies of the dependency `name` for coroutines, see `Holdfast.dependency`."""
        from holdfast.client.coroutine import CoroutineDependency, CoroutineState
        from holdfast.policy.call import CallConfig
        from holdfast.service.numbers import workers

        state = self._coroutines.get(name)
        if state is None:
            section = self._section(name, "hold.dependency")
            config = CallConfig.from_budget(name, section, processes=workers(self._loaded), mode=mode)
            state = self._coroutines[name] = CoroutineState(config, retries=self._retries)
            if self._slot is not None:
                _tell(self._slot, name, state)
        elif mode is not None and state.config.timeout_mode is not mode:
            raise UsageError(f'"{name}" has another mode already', place="hold.dependency")
        return CoroutineDependency(state.pipelines, **options)

    def sql(self, name: str, **options: Any) -> Database:
        """Return the database of the dependency `name`, see `Holdfast.sql`."""
        from holdfast.client.sql import database
        from holdfast.service.numbers import numbers, workers

        section = self._section(name, "hold.sql")
        if section.kind not in ("postgres", "sqlite"):
            raise UsageError(f'"{name}" is of kind {section.kind}, and no database', place="hold.sql")
        pool = numbers(self._loaded).get(f"dependency.{name}.pool")
        made = self._databases[name] = database(
            name,
            section,
            pool=None if pool is None else int(pool.value),
            processes=workers(self._loaded),
            retries=self._retries,
            **options,
        )
        if self._slot is not None:
            _tell(self._slot, name, made)
        return made

    def begin(self, slot: Slot) -> None:
        """Say of each client what it only observes."""
        self._slot = slot
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

    async def aclose(self) -> None:
        """Close connections, not the clients: whoever starts the app again finds them in working order."""
        for client in self._clients.values():
            await client.policies.aclose()
        for database in self._databases.values():
            await database.aclose()

    def _all(self) -> Iterator[tuple[str, DependencyClient | CoroutineState | Database]]:
        yield from self._clients.items()
        yield from self._coroutines.items()
        yield from self._databases.items()

    def _section(self, name: str, place: str) -> Dependency:
        known = self._loaded.budget.dependency
        section = known.get(name)
        if section is None:
            names = ", ".join(known) or "none"
            raise UsageError(f'the budget has no dependency "{name}"; known: {names}', place=place)
        return section


def _tell(slot: Slot, name: str, client: DependencyClient | CoroutineState | Database) -> None:
    if client.config.missing or client.config.timeout_mode is Mode.OBSERVE:
        tell(slot, f"dependency {name}", client.config.missing)
