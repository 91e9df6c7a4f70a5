"""The rate limits of one event loop: who asks, what is told, and where."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.budget import Loaded
from holdfast.budget.model.ratelimit import MEMORY, RateLimit
from holdfast.events import Bus
from holdfast.policy.mode import Mode
from holdfast.policy.ratelimit import Ask, RateLimitConfig, RateLimitGuard, Verdict, refusal
from holdfast.service.caller import Callers
from holdfast.service.numbers import workers
from holdfast.service.observing import tell
from holdfast.service.ratelimit import build, identify
from holdfast.service.ratelimit.fields import LIMIT, POLICY, limit_field, policy_field
from holdfast.service.ratelimit.watch import watch

if TYPE_CHECKING:
    from holdfast.telemetry.board import Slot

__all__ = ["SCOPE", "RateLimits", "Told"]

_log = logging.getLogger("holdfast")

SCOPE = "holdfast.ratelimit"
"""Where a request's `Told` is in its ASGI scope."""


class Told:
    """What one request is to be told of its limits, and who limits it."""

    __slots__ = ("limits", "verdicts")

    def __init__(self, limits: RateLimits) -> None:
        self.limits = limits
        self.verdicts: list[Verdict] = []

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the fields of all verdicts."""
        standings = [standing for verdict in self.verdicts for standing in verdict.standings()]
        limits = [standing.limit for standing in standings]
        return [(POLICY, self.limits.policy(tuple(limits))), (LIMIT, limit_field(standings))]


class RateLimits:
    """Belongs to one event loop. `processes`: how many share the numbers of the budget.

    Raises BudgetError for a budget that this number of processes cannot keep, UsageError where the address of
    a store is missing.
    """

    __slots__ = ("_by_route", "_callers", "_configs", "_guards", "_policies", "_sections")

    def __init__(self, loaded: Loaded, *, processes: int, bus: Bus, callers: Callers) -> None:
        self._sections = loaded.budget.ratelimit
        self._callers = callers
        self._configs = build.configs(loaded, processes)
        self._guards = build.guards(loaded, bus)
        self._policies: dict[tuple[Any, ...], bytes] = {}
        self._by_route: dict[str, tuple[RateLimitConfig, ...]] = {}
        for name, config in self._configs.items():
            for route in self._sections[name].routes:
                self._by_route[route] = (*self._by_route.get(route, ()), config)

    @classmethod
    def started(cls, loaded: Loaded, *, bus: Bus, slot: Slot) -> RateLimits | None:
        """Return those of the running loop, and say which only observe; None where the budget has none."""
        if not loaded.budget.ratelimit:
            return None
        made = cls(loaded, processes=workers(loaded), bus=bus, callers=Callers(loaded.budget.trust))
        watch(bus)
        undecided = dict(build.missing(loaded))
        for name, lacks in undecided.items():
            tell(slot, f"ratelimit {name}", lacks)
        for name, config in made._configs.items():
            if config.mode is Mode.OBSERVE and name not in undecided:
                tell(slot, f"ratelimit {name}")
            if config.processes > 1 and made._sections[name].store == MEMORY:
                told = ", ".join(f"{limit.quota:g} in {limit.period:g} s" for limit in config.limits)
                _log.warning("ratelimit %s: one of %d workers, each alone: %s", name, config.processes, told)
        return made

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return `app` with the fields of its limits on the answers."""

        def limited(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            told = scope[SCOPE] = Told(self)
            if scope["type"] != "http":
                return app(scope, receive, send)

            # A plain function that returns the server's own awaitable: no coroutine around each message.
            def sending(message: Message) -> Awaitable[None]:
                if told.verdicts and message["type"] == "http.response.start":
                    # A new list: the response that the old one belongs to may be sent again.
                    message["headers"] = [*message.get("headers", ()), *told.headers()]
                return send(message)

            return app(scope, receive, sending)

        return limited

    async def enter_route(self, route: str, scope: Scope) -> None:
        """Charge a request to the limits of its route; raises RateLimited or DependencyUnavailable."""
        configs = self._by_route.get(route)
        if configs:
            asks = [Ask(config, self._key(config.name, scope), 1.0) for config in configs]
            await self._take(asks, scope)

    async def enter(self, name: str, scope: Scope, *, principal: object, known: bool, cost: float) -> None:
        """Charge a request to the limit `name`. `known`: `principal` says who calls, else the budget does."""
        config = self._configs.get(name)
        if config is not None:
            key = identify.by_principal(principal, self._callers, scope) if known else self._key(name, scope)
            await self._take([Ask(config, key, config.check(cost))], scope)

    async def aclose(self) -> None:
        """Give back connections."""
        for guard in self._guards.values():
            await guard.aclose()

    def policy(self, limits: tuple[Any, ...]) -> bytes:
        """Return the field that describes `limits`, made once."""
        found = self._policies.get(limits)
        if found is None:
            found = policy_field(limits)
            if len(self._policies) < 256:
                self._policies[limits] = found
        return found

    async def _take(self, asks: list[Ask], scope: Scope) -> None:
        verdict = await self._guard(asks[0].config.name).check(asks)
        if verdict is None:
            return
        told = scope.get(SCOPE)
        if told is not None:
            told.verdicts.append(verdict)
        if verdict.wait:
            raise refusal(verdict)

    def _guard(self, name: str) -> RateLimitGuard:
        return self._guards[self._sections[name].store]

    def _key(self, name: str, scope: Scope) -> str:
        section: RateLimit = self._sections[name]
        if section.key == "client":
            return identify.by_client(self._callers, scope)
        if section.key == "api-key":
            return identify.by_api_key(section.header.encode("ascii"), self._callers, scope)
        return identify.by_user(self._callers, scope)
