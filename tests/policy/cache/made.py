"""A cache in virtual time, and computations that can be held up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from holdfast.clock import VirtualClock
from holdfast.events import Bus, CacheUsed
from holdfast.policy.cache import CacheConfig, CacheGuard, Codec, SharedStore, Source


class Product(BaseModel):
    name: str
    price: int = 0


PRODUCTS: Source[Product] = Source(Codec(Product))
NUMBERS: Source[int] = Source(Codec(int))


def config(**changes: Any) -> CacheConfig:
    """Return sixty seconds without chance: nothing expires sooner or is computed early."""
    said: dict[str, Any] = {"name": "product", "ttl": 60.0, "limit": 1 << 20, "jitter": 0.0, "beta": 0.0}
    return CacheConfig(**(said | changes))


class Rig:
    """A guard, its clock, and what it reported."""

    def __init__(self, *, shared: SharedStore | None = None, chance: float = 0.0, **changes: Any) -> None:
        self.clock = VirtualClock(1000.0)
        self.bus = Bus()
        self.told: list[str] = []
        self.bus.subscribe(CacheUsed, lambda event: self.told.extend([event.outcome] * event.count))
        self.chance = chance
        self.guard = CacheGuard(
            config(**changes),
            bus=self.bus,
            shared=shared,
            now=self.clock,
            wall=lambda: self.clock() + 1e9,
            chance=lambda: self.chance,
        )

    def outcomes(self) -> list[str]:
        self.guard.tally.flush()
        return self.told


class Work:
    """A computation that counts its calls, and ends when it is let."""

    def __init__(self, result: Any = 1, *, held: bool = False) -> None:
        self.result = result
        self.begun = 0
        self.ended = 0
        self.go = asyncio.Event()
        if not held:
            self.go.set()

    async def __call__(self) -> Any:
        self.begun += 1
        await self.go.wait()
        self.ended += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


async def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        await asyncio.sleep(0.005)


async def turns(number: int = 5) -> None:
    """Let what is ready run."""
    for _ in range(number):
        await asyncio.sleep(0)
