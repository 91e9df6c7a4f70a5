"""All caches of one app: started, warmed and stopped with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from holdfast.budget import Loaded
from holdfast.errors import UsageError
from holdfast.policy.cache import Codec
from holdfast.service.cache import build
from holdfast.service.cache.cache import Cache
from holdfast.service.cache.cached import Tags, decorate
from holdfast.service.cache.home import Home
from holdfast.service.tenant import tenant_named

__all__ = ["Caches", "Warm"]

_log = logging.getLogger("holdfast")

Warm = Callable[[], Awaitable[Iterable[Mapping[str, Any]]]]
"""Returns the arguments of the calls whose values are to be there before they are asked for."""

_AT_ONCE = 4
"""Values that are computed at a time while a cache is warmed: beside the requests, not before them."""


class Caches:
    """Of one app."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._homes: dict[str, Home] = {}
        self._warm: list[tuple[Callable[..., Awaitable[Any]], Warm]] = []
        self._warming: set[asyncio.Task[None]] = set()

    def cached(
        self,
        name: str,
        *,
        tags: Tags = (),
        ignore: Collection[str] = (),
        version: str = "",
        copies: bool = False,
        warm: Warm | None = None,
    ) -> Callable[[Callable[..., Any]], Any]:
        """Return the decorator, see `Holdfast.cached`. Raises UsageError."""
        home = self.home(name, "hold.cached")
        said = self._loaded.budget.cache[name].tenant
        tenant = None if said == "one" else tenant_named(said)

        def decorator(func: Callable[..., Any]) -> Any:
            made = decorate(
                func, home, tags=tags, ignored=ignore, version=version, copies=copies, tenant=tenant
            )
            if warm is not None:
                self._warmed(made, warm, tenant is not None)
            return made

        return decorator

    def cache(self, name: str, kind: Any) -> Cache[Any]:
        """Return the cache for values of `kind`, see `Holdfast.cache`. Raises UsageError."""
        home = self.home(name, "hold.cache")
        return Cache(home, Codec(JsonValue if kind is None else kind, place="hold.cache"))

    async def start(self) -> None:
        """Start each cache, and begin to warm those that are to be."""
        for home in self._homes.values():
            await home.start()
        for function, warm in self._warm:
            task = asyncio.get_running_loop().create_task(_warm_up(function, warm), name="holdfast warming")
            self._warming.add(task)
            task.add_done_callback(self._warming.discard)

    async def stop(self) -> None:
        """Stop."""
        warming = tuple(self._warming)
        for task in warming:
            task.cancel()
        if warming:
            await asyncio.wait(warming)
        for home in self._homes.values():
            await home.stop()

    def home(self, name: str, place: str) -> Home:
        """Return the cache `name`. Raises UsageError where the budget has none."""
        build.section(self._loaded, name, place=place)
        found = self._homes.get(name)
        if found is None:
            found = self._homes[name] = Home(self._loaded, name)
        return found

    def _warmed(self, made: Any, warm: Warm, of_tenants: bool) -> None:
        if of_tenants:
            raise UsageError("values of tenants cannot be warmed: nobody asks yet", place=made.__qualname__)
        self._warm.append((made, warm))


async def _warm_up(function: Callable[..., Awaitable[Any]], warm: Warm) -> None:
    """Call `function` with all that `warm` says; what fails is computed when it is asked for."""
    name = getattr(function, "__qualname__", repr(function))
    try:
        waiting = iter(await warm())
        failed = sum(await asyncio.gather(*[_calls(function, waiting) for _ in range(_AT_ONCE)]))
    except Exception as error:  # noqa: BLE001 - a cold cache is slower, and no reason not to serve
        _log.warning("warming %s: %r", name, error)
        return
    if failed:
        _log.warning("warming %s: %d calls failed", name, failed)


async def _calls(function: Callable[..., Awaitable[Any]], waiting: Iterable[Mapping[str, Any]]) -> int:
    failed = 0
    for arguments in waiting:
        try:
            await function(**arguments)
        except Exception:  # noqa: BLE001 - counted; the others are warmed all the same
            failed += 1
    return failed
