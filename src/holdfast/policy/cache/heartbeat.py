"""Keeping a lease while its holder computes."""

from __future__ import annotations

import asyncio

from holdfast.policy.cache.shared import Lease, SharedStore
from holdfast.policy.store import StoreUnavailable

__all__ = ["Heartbeat"]


class Heartbeat:
    """Renews `lease` every `every` seconds, from its making until `stop`; nearly all are over before."""

    __slots__ = ("_every", "_lease", "_store", "_task", "_timer")

    def __init__(self, store: SharedStore, lease: Lease, *, every: float) -> None:
        self._store = store
        self._lease = lease
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(every, self._beat)

    def stop(self) -> None:
        """Renew no more."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _beat(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._renew(), name="holdfast cache lease")

    async def _renew(self) -> None:
        try:
            held = await self._store.renew(self._lease)
        except StoreUnavailable:
            held = True  # not known: the fence decides when the value is stored
        if held:
            self._timer = asyncio.get_running_loop().call_later(self._every, self._beat)
