"""One cache of the budget, on the loop that runs: what all functions and all code that name it share."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from holdfast.budget import Loaded
from holdfast.policy.cache import CacheConfig, CacheGuard
from holdfast.policy.mode import Mode
from holdfast.service.cache import build
from holdfast.service.observing import tell
from holdfast.telemetry import process
from holdfast.telemetry.board import CacheCell

if TYPE_CHECKING:
    from holdfast.telemetry.board import Slot

__all__ = ["Home"]


class Home:
    """Of the cache `name`. `config` is None where it only observes, as a number is missing, or is off."""

    __slots__ = ("_guard", "_loaded", "_loop", "config", "name")

    def __init__(self, loaded: Loaded, name: str) -> None:
        self.name = name
        self.config: CacheConfig | None = build.config(name, loaded.budget.cache[name])
        self._loaded = loaded
        self._guard: CacheGuard | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def observes(self) -> bool:
        """Whether values are kept and never served."""
        return self.config is not None and self.config.mode is Mode.OBSERVE

    def here(self) -> CacheGuard | None:
        """Return what keeps values on the running loop, made when first asked for; None without `config`."""
        guard = self._guard
        if guard is not None and self._loop is asyncio.get_running_loop():
            return guard
        return self._make()

    async def start(self) -> None:
        """Say what only observes, and begin to hear what other workers invalidate."""
        lacks = build.missing(self._loaded, self.name)
        if lacks and self._loaded.budget.cache[self.name].mode != "off":
            tell(process.slot(), f"cache {self.name}", lacks)
        elif self.observes:
            tell(process.slot(), f"cache {self.name}")
        guard = self.here()
        if guard is not None:
            await guard.start()
            process.sampled(self._sample)

    async def stop(self) -> None:
        """Forget all values of this worker, and give back connections."""
        guard, self._guard = self._guard, None
        process.unsampled(self._sample)
        if guard is not None and self._loop is asyncio.get_running_loop():
            guard.tally.flush()
            with contextlib.suppress(OSError):
                await guard.aclose()

    def _make(self) -> CacheGuard | None:
        if self.config is None:
            return None
        self._loop = asyncio.get_running_loop()
        self._guard = build.guard(self._loaded, self.config, process.bus())
        return self._guard

    def _sample(self, slot: Slot) -> None:
        guard = self._guard
        if guard is not None:
            guard.tally.flush()
            slot.caches.row(f"hit\t{self.name}")[CacheCell.BYTES] = guard.memory.bytes
