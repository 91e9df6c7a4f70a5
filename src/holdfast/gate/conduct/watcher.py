"""Watches the service from outside: the admin port's state, and connections past the proxies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from holdfast.errors import BootFailed, NotMeasured
from holdfast.gate.conduct.unreachable import Unreachable
from holdfast.gate.fault.proof import direct_connections, process_tree
from holdfast.gate.launch.service import Service
from holdfast.gate.measure.stalls import StallsByPhase
from holdfast.gate.result import Stall
from holdfast.gate.scenario import PlannedPhase

__all__ = ["Watcher"]

_BOOTING = 0.1
_PERIOD = 0.5
"""Seconds between looks: a connection past a proxy that is pooled or slow is seen, and the service pays
half a thousandth of a core for being watched."""


class Watcher:
    """Polls until cancelled; `direct` is the most connections seen at once from the service to each of the
    `real` addresses, `unproven` why that could not be looked at, `peak_in_flight` the most requests in flight
    in all workers, `stalled` what stood still in which phase, `unreachable` calls while nobody listened.
    `seen` is told the number of stalls so far.
    """

    def __init__(
        self,
        service: Service,
        real: Mapping[str, Sequence[tuple[str, int]]],
        seen: Callable[[int], None],
    ) -> None:
        self._service = service
        self._real = real
        self._seen = seen
        self.state: dict[str, Any] = {}
        self.direct = dict.fromkeys(real, 0)
        self.unproven = ""
        self.peak_in_flight = 0
        self.stalled = StallsByPhase()
        self.unreachable = Unreachable()

    async def watch(self) -> None:
        """Look every half second, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_PERIOD)

    async def look(self) -> None:
        """Look once; a supervisor that does not answer in time is looked at again next time."""
        try:
            status, body = await self._service.get("/state")
            if status == 200:
                self.state = json.loads(body)
        except (OSError, ValueError):
            return
        workers = self.state.get("workers", ())
        self.peak_in_flight = max(self.peak_in_flight, sum(worker["in_flight"] for worker in workers))
        stalls = self.state.get("stalls", ())
        self.stalled.add(stalls)
        self.unreachable.look({row["name"]: row["attempts"] for row in self.state.get("dependencies", ())})
        self._seen(sum(stall["count"] for stall in stalls))
        try:
            # In a thread: thousands of sockets take tens of milliseconds, and this loop is the proxies' too.
            found = await asyncio.to_thread(self._past_the_proxies)
        except NotMeasured as error:
            self.unproven = str(error)
            return
        for name, connections in found.items():
            self.direct[name] = max(self.direct[name], connections)

    def _past_the_proxies(self) -> dict[str, int]:
        pids = process_tree(self._service.pid)
        return {name: direct_connections(pids, addresses) for name, addresses in self._real.items()}

    async def all_serving(self, seconds: float) -> None:
        """Wait until all workers serve that are meant to, the service being ready with the first of them.

        Raises BootFailed when that takes longer than `seconds`.
        """
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.look()
                    if self.state and self.workers() >= self.state["wanted"]:
                        return
                    await asyncio.sleep(_BOOTING)
        except TimeoutError:
            wanted = self.state.get("wanted", "the")
            raise BootFailed(f"{self.workers()} of {wanted} workers served within {seconds:g} s") from None

    def workers(self) -> int:
        """Return how many workers serve."""
        return sum(worker["state"] == "serving" for worker in self.state.get("workers", ()))

    def enter(self, phase: PlannedPhase) -> None:
        """A phase of the run begins."""
        self.stalled.enter(phase.name)
        self.unreachable.enter(phase)

    def attempted(self, dependency: str) -> int | None:
        """Return how many calls the service says it attempted; None where it does not say.

        A worker that was killed took the calls that it was making with it: then nobody knows.
        """
        if self.state.get("restarts"):
            return None
        for row in self.state.get("dependencies", ()):
            if row["name"] == dependency:
                return int(row["attempts"])
        return None

    def stalls(self) -> list[Stall]:
        """Return the stalls so far by code line, the worst first; those of the machine have no line."""
        fields = ("file", "line", "function", "sink", "route", "count", "total", "longest", "victims")
        rows = [row for row in self.state.get("stalls", ()) if row["file"]]
        found = [Stall(**{name: row[name] for name in fields}, phases=self.stalled.of(row)) for row in rows]
        return sorted(found, key=lambda stall: -stall.total)

    def starved(self) -> float:
        """Return the seconds that a loop was ready to run and got no CPU: the machine's doing."""
        return float(sum(row["total"] for row in self.state.get("stalls", ()) if not row["file"]))
