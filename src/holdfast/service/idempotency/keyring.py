"""All keys of one app: those that its code asks for, and those of the routes that the budget names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from holdfast.budget import Loaded
from holdfast.budget.units import parse_bytes, parse_duration
from holdfast.errors import UsageError
from holdfast.policy.idempotency import Effect, IdempotencyConfig
from holdfast.policy.mode import Mode
from holdfast.service.idempotency.idempotent import Idempotent
from holdfast.service.idempotency.install import install
from holdfast.service.idempotency.opening import Opened, opened
from holdfast.service.numbers import numbers
from holdfast.service.observing import tell
from holdfast.service.tenant import Tenant, tenant_named
from holdfast.telemetry import process

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

__all__ = ["Keyring"]

_PLACE = "hold.idempotent"
_CONNECTIONS = 5


class Keyring:
    """Makes each `Idempotent` from the budget's [idempotency] and what the code says, which goes first."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._budget = loaded.budget
        self._all: list[Idempotent] = []
        self._named: Idempotent | None = None

    def make(
        self,
        store: Any = None,
        *,
        effect: str | None = None,
        tenant: Tenant | str | None = None,
        required: bool | None = None,
        retention: str | float | None = None,
        lease: str | float | None = None,
        body: str | int | None = None,
        headers: Iterable[str] = (),
        sessions: Callable[[], Any] | None = None,
        mode: str | None = None,
    ) -> Idempotent:
        """Return the keys of some routes; see `Holdfast.idempotent`. Raises UsageError."""
        section = self._budget.idempotency
        said: dict[str, Any] = {} if section is None else section.model_dump()
        try:
            whose = tenant if tenant is not None else said.get("tenant")
            kept = _seconds(retention) if retention is not None else said.get("retention")
            missing = tuple(
                f"idempotency.{name}"
                for name, value in (("retention", kept), ("tenant", whose))
                if value is None
            )
            wanted = Mode(mode or said.get("mode", "enforce"))
            options: dict[str, Any] = {
                "effect": Effect(effect or said.get("effect", "elsewhere")),
                "required": said.get("required", True) if required is None else required,
                "retention": kept,
                "refuse_without_store": said.get("unavailable") != "run",
                "mode": Mode.OBSERVE if missing and wanted is Mode.ENFORCE else wanted,
            }
            for name, value, read in (("lease", lease, _seconds), ("body", body, parse_bytes)):
                if value is not None or name in said:
                    options[name] = read(value) if value is not None else said[name]
            config = IdempotencyConfig(**options)
            asked = tenant_named(whose) if isinstance(whose, str) else whose
        except ValueError as error:
            raise UsageError(str(error), place=_PLACE) from error
        place = store if store is not None else said.get("store")
        if place is None:
            raise UsageError(
                "expected a store: a dependency of the budget, an engine, or a client", place=_PLACE
            )
        opening: Opened = opened(place, sessions, self._budget, self._connections, config)
        if config.effect is Effect.TRANSACTION and not opening.shares:
            raise UsageError(
                "keys that share a transaction with the effect are kept in SQL; this store has none",
                place=_PLACE,
            )
        made = Idempotent(
            config,
            opening.store,
            tenant=asked or (lambda request: ""),
            one_tenant=whose == "one",
            headers=frozenset(name.lower().encode("latin-1") for name in headers),
            sessions=opening.session,
            missing=missing,
        )
        self._all.append(made)
        return made

    def _connections(self, name: str) -> int:
        """Return how many connections a store of its own may have in this worker.

        As many as the budget derives for its dependency, else SQLAlchemy's own number.
        """
        found = numbers(self._loaded).get(f"dependency.{name}.pool")
        return _CONNECTIONS if found is None else max(1, int(found.value))

    def install(self, routes: list[BaseRoute]) -> None:
        """Prepare the app's routes with keys. Raises UsageError."""
        section = self._budget.idempotency
        named = () if section is None else section.routes
        if named and self._named is None:
            self._named = self.make()
        install(routes, named, self._named)

    async def start(self) -> None:
        """Look at each store, and say what only observes."""
        for idempotent in self._all:
            if idempotent.missing or idempotent.config.mode is Mode.OBSERVE:
                tell(process.slot(), "idempotency", idempotent.missing)
            await idempotent.start()

    async def stop(self) -> None:
        """End what runs."""
        for idempotent in self._all:
            await idempotent.stop()


def _seconds(value: str | float) -> float:
    return parse_duration(value) if isinstance(value, str) else float(value)
