"""The beat: how late the loop is, told to the gate while it is restless.

A timer that is late says how long the loop was busy when it came due; a callback put at the end of the ready
queue says how much stands there. Whichever is more is what a request waits each time that it awaits. It
costs two callbacks every 20 ms, and nothing while nobody is turned away.
"""

from __future__ import annotations

import asyncio

from holdfast.clock import Now
from holdfast.policy.admission.core import BEAT, Gate

__all__ = ["Pulse"]


class Pulse:
    """Beats from `start` until the gate is no longer restless."""

    __slots__ = ("_due", "_gate", "_handle", "_late", "_now", "_put")

    def __init__(self, gate: Gate, now: Now) -> None:
        self._gate = gate
        self._now = now
        self._handle: asyncio.Handle | None = None
        self._due = self._late = self._put = 0.0

    def start(self) -> None:
        """Beat, from here on; call it on the loop."""
        if self._handle is None:
            self._arm()

    def stop(self) -> None:
        """Beat no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        self._due = self._now() + BEAT
        self._handle = asyncio.get_running_loop().call_later(BEAT, self._timer)

    def _timer(self) -> None:
        self._put = self._now()
        self._late = self._put - self._due
        self._handle = asyncio.get_running_loop().call_soon(self._soon)

    def _soon(self) -> None:
        now = self._now()
        self._handle = None
        # Timers of uvloop are in whole milliseconds, and this one may be a little early.
        self._gate.late(now, max(0.0, self._late, now - self._put))
        if self._gate.restless:
            self._arm()
