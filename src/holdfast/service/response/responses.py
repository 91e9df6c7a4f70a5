"""What an app says of its responses, and the ways to take them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from fastapi import FastAPI

from holdfast.budget import Loaded
from holdfast.budget.path import dotted
from holdfast.errors import UsageError
from holdfast.service.cache.home import Home
from holdfast.service.observing import tell
from holdfast.service.response.install import MARK, install
from holdfast.service.response.purging import OnPurge, purge
from holdfast.telemetry import process

__all__ = ["Told"]

F = TypeVar("F")


class Told:
    """Of one app. `home` returns a cache of the budget."""

    def __init__(self, loaded: Loaded, home: Callable[[str], Home]) -> None:
        self._loaded = loaded
        self._home = home
        self._homes: list[Home] = []
        self._hooks: list[OnPurge] = []
        self._installed = False

    def named(self, name: str) -> Callable[[F], F]:
        """Return the decorator for a route, see `Holdfast.response`. Raises UsageError."""
        if name not in self._loaded.budget.response:
            known = ", ".join(self._loaded.budget.response) or "none"
            raise UsageError(f'the budget has no response "{name}"; known: {known}', place="hold.response")

        def mark(func: F) -> F:
            setattr(func, MARK, name)
            return func

        return mark

    def install(self, app: FastAPI) -> None:
        """Prepare the routes, once. Raises UsageError."""
        if not self._installed:
            self._installed = True
            self._homes = install(app, self._loaded, self._home)

    async def purge(self, tags: Iterable[str]) -> None:
        """Take out what carries one of `tags`, see `purging.purge`."""
        await purge(tags, self._homes, self._hooks)

    def on_purge(self, hook: OnPurge) -> OnPurge:
        """Have `hook` told what is purged."""
        self._hooks.append(hook)
        return hook

    async def start(self) -> None:
        """Say of which responses nothing is said, as a number is missing."""
        for name, section in self._loaded.budget.response.items():
            if section.kind == "kept" and section.max_age is None:
                tell(process.slot(), f"response {name}", [dotted(("response", name, "max_age"))])

    async def stop(self) -> None:
        """Nothing is held: the caches are stopped by themselves."""
