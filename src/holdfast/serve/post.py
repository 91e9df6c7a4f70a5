"""A worker at its post, whichever server it runs: seen on the board, watched, and led through the drain."""

from __future__ import annotations

import asyncio
import os
import random
import select
from collections.abc import Callable

from holdfast.clock import monotonic
from holdfast.events import StallSeen
from holdfast.loop.watch import StallWatch
from holdfast.serve.environment import Terms
from holdfast.serve.supervised import Supervised
from holdfast.service.drain.drain import BACKGROUND, STREAMS
from holdfast.service.drain.here import here
from holdfast.telemetry import process

__all__ = ["Post"]


class Post:
    """Belongs to the loop that serves. `requests` counts those in flight, also from another thread.

    `drain` is called once everybody is told that the service leaves; it ends kept-alive connections.
    """

    def __init__(
        self, worker: Supervised, terms: Terms, requests: Callable[[], int], drain: Callable[[], None]
    ) -> None:
        self._worker = worker
        self._slot = worker.slot
        self._terms = terms
        self._requests = requests
        self._drain = drain
        self._everybody = False
        first, more = terms.due
        self._due = first + random.randint(0, more) if first else 0
        self._watch = StallWatch(
            self._stalled,
            threshold=terms.stall,
            interim=terms.interim,
            in_flight=requests,
            on_beat=self._beat,
        )

    def watch(self) -> None:
        """Start the stall watch, and say that the app's start-up begins."""
        self._worker.stage("lifespan")
        self._watch.start()

    def serving(self) -> None:
        """Say that this worker serves; hear from now on of the drain."""
        self._hear()
        self._slot.beat(monotonic())  # before the state: booting took longer than a loop may be silent
        self._slot.state = "serving"
        self._worker.release_output()

    def served(self, total: int) -> None:
        """Take note of how many requests were served, and ask to be replaced when that is enough."""
        if self._due and total >= self._due:
            self._due = 0
            self._worker.due()

    def draining(self) -> bool:
        """Say that this worker leaves; False where it has been said."""
        if self._slot.state != "serving":
            return False
        self._slot.state = "draining"
        for drain in here():
            drain.announce()
        return True

    def everybody_leaves(self) -> bool:
        """Whether the whole service drains, and not this worker alone."""
        channel = self._worker.channel
        if channel is not None and not self._everybody:
            poll = select.poll()  # the signal may have overtaken the news
            poll.register(channel.drain, select.POLLIN)
            self._everybody = bool(poll.poll(0))
        return self._everybody

    async def finish(self) -> float | None:
        """Wait for the requests in flight, then for the streams, as the table of the drain has it.

        Returns how many seconds are left for what has not ended yet; None: as long as it takes.
        """
        finishing, closing = self._terms.finishing, self._terms.closing
        if finishing is None:
            return None
        until = monotonic() + finishing
        drains = here()
        for drain in drains:
            drain.background_until = until + closing * BACKGROUND
        for drain in drains:
            await drain.finish(until)
        if drains:
            until += closing * STREAMS
        for drain in drains:
            await drain.end_streams(until)
        return max(0.0, until - monotonic())

    def leave(self) -> None:
        """Stop watching, and give the slot back."""
        self._watch.stop()
        self._slot.release()

    def _stalled(self, stall: StallSeen) -> None:
        """Tell of a stall, unless nobody was kept waiting yet: start-ups may block."""
        if self._slot.state != "booting":
            process.bus().emit(stall)

    def _beat(self, now: float, lag: float) -> None:
        probe = self._watch.lag
        process.beat(now, lag, None if probe is None else probe.lately)
        # A held app counts those that wait at its door itself; for any app the server counts all.
        waiting = self._slot.queued + self._slot.bodies
        self._slot.in_flight = max(0, self._requests() - waiting)

    def _hear(self) -> None:
        channel = self._worker.channel
        if channel is None:
            return
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(channel.drain)
            self._everybody = True
            os.close(channel.drain)
            self._drain()

        loop.add_reader(channel.drain, ended)
