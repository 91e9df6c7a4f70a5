"""What a held app has beside its requests' own work on the loop: threads, processes, what stays open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from holdfast.budget import Loaded
from holdfast.loop.offload import installed, threads
from holdfast.loop.offload.processes import Processes
from holdfast.policy.enforcement import ENFORCED, Enforcement
from holdfast.service.gatekeeper.opened import Opened
from holdfast.service.numbers import numbers
from holdfast.telemetry.board import Slot, SlotCell

__all__ = ["Beside"]

P = ParamSpec("P")
T = TypeVar("T")

LAST = 1.0
"""Seconds for calls in processes to end when the service stops; then they are killed."""


class Beside:
    """Belongs to the loop it is made on. `enforcement` says how far the bound of the queues goes.

    `end` gives AnyIO its threads back, `aclose` ends the processes.
    """

    __slots__ = ("_loop", "opened", "processes", "threads")

    def __init__(self, loaded: Loaded, enforcement: Enforcement = ENFORCED) -> None:
        self._loop = asyncio.get_running_loop()
        found = numbers(loaded)
        waiting = found.get("offload.queue")
        queue = None if waiting is None else int(waiting.value)
        self.threads = threads.current(loaded.budget.offload.threads, queue)
        self.processes = Processes(int(found["offload.processes"].value), queue)
        self.threads.slots.enforcement = self.processes.slots.enforcement = enforcement
        self.opened = Opened()
        installed.install(self.threads)

    async def to_process(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `func` in a worker process, see `Processes.run`."""
        return await self.processes.run(func, *args, **kwargs)

    def write(self, slot: Slot) -> None:
        """Write the gauges to the board."""
        gauges, of_threads, of_processes = slot.gauges, self.threads.slots, self.processes.slots
        gauges[SlotCell.THREADS] = of_threads.used
        gauges[SlotCell.THREADS_WAITING] = of_threads.waiting
        gauges[SlotCell.PROCESSES] = of_processes.used
        gauges[SlotCell.PROCESSES_WAITING] = of_processes.waiting
        gauges[SlotCell.WEBSOCKETS] = self.opened.websockets
        gauges[SlotCell.STREAMS] = self.opened.streams

    def end(self) -> None:
        """Let AnyIO have its own threads again."""
        installed.uninstall(self._loop)
        if self._loop is not asyncio.get_running_loop():
            self.processes.kill()  # nobody is left to wait for them

    async def aclose(self) -> None:
        """End the processes, once what runs in them has had its time."""
        await self.processes.aclose(LAST)
