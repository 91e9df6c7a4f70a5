"""The course of the run beside the driver: at each phase's start its fault is applied, and counts are noted.

Everything goes by the driver's start on the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from holdfast.clock import Now, monotonic
from holdfast.gate.conduct.dependencies import Dependencies
from holdfast.gate.fault.counts import Counts
from holdfast.gate.scenario import PlannedPhase

__all__ = ["Course"]


class Course:
    """`counts[p]` are the proxies' counts at the start of phase p, `counts[-1]` those at the very end."""

    def __init__(
        self,
        phases: Sequence[PlannedPhase],
        dependencies: Dependencies,
        entered: Callable[[PlannedPhase], None],
        now: Now = monotonic,
    ) -> None:
        self._phases = phases
        self._dependencies = dependencies
        self._entered = entered
        self._now = now
        self.counts: list[dict[str, Counts]] = []

    async def run(self, start: float) -> None:
        """Follow the schedule that began at `start`; heals every fault, also when cancelled."""
        proxies = self._dependencies.proxies()
        at = start
        try:
            for phase in self._phases:
                await asyncio.sleep(max(0.0, at - self._now()))
                for name, proxy in proxies.items():
                    proxy.apply(phase.fault if name == phase.dependency else None)
                self.counts.append(self._dependencies.counts())
                self._entered(phase)
                at += phase.seconds
            await asyncio.sleep(max(0.0, at - self._now()))
        finally:
            for proxy in proxies.values():
                proxy.apply(None)

    def close(self) -> None:
        """Note the final counts, once the last straggler is done."""
        self.counts.append(self._dependencies.counts())
