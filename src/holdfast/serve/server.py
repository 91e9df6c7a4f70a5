"""Uvicorn's server in a worker: its state on the board, its loop watched, its drain announced."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import uvicorn

from holdfast.clock import monotonic
from holdfast.events import StallSeen
from holdfast.loop.watch import StallWatch
from holdfast.serve.boot import explain_text
from holdfast.serve.closing import settle, turn_away
from holdfast.serve.lifespan import Lifespan
from holdfast.telemetry import process
from holdfast.telemetry.board import Slot

if TYPE_CHECKING:
    from holdfast.serve.worker import Worker

__all__ = ["Server"]


class Server(uvicorn.Server):
    """Serves `config`'s app for `worker`; `stall` and `interim` in seconds are the watch's."""

    def __init__(
        self, config: uvicorn.Config, *, slot: Slot, stall: float, interim: float, worker: Worker
    ) -> None:
        super().__init__(config)
        self._slot = slot
        self._worker = worker
        self._draining = False
        self._watch = StallWatch(
            self._stalled, threshold=stall, interim=interim, in_flight=self._requests, on_beat=self._beat
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Run the app's start-up, listen, and say that this worker serves."""
        self._watch.start()  # before the app, which sees that it is watched and needs no watch of its own
        try:
            await super().startup(sockets=sockets)
        except SystemExit:
            failure = self.lifespan.failure if isinstance(self.lifespan, Lifespan) else ""
            self._worker.fail("lifespan", *explain_text(failure))
        if self.should_exit:
            return
        self._watch_drain()
        self._slot.beat(monotonic())  # before the state: booting took longer than a loop may be silent
        self._slot.state = "serving"
        self._worker.release_output()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is in flight, run the app's shutdown, and give the slot back."""
        listeners = sockets or []
        try:
            if (
                self._draining
            ):  # all workers: one that is recycled leaves its share of the socket to the others
                turn_away(listeners)
                await settle(listeners)
            self.drain()
            await super().shutdown(sockets=sockets)
        finally:
            self._watch.stop()
            self._slot.release()

    def drain(self) -> None:
        """End kept-alive connections with their next answer; go on accepting.

        Uvicorn puts its default headers on every answer and closes the connection on `connection: close`;
        it makes them anew each second from the configuration's.
        """
        if self._slot.state != "serving":
            return
        self._slot.state = "draining"
        close = (b"connection", b"close")
        self.config.encoded_headers = [*self.config.encoded_headers, close]
        self.server_state.default_headers = [*self.server_state.default_headers, close]

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT while serving, and end by returning.

        Uvicorn raises them again at the end: the process would die by the signal, before what runs at exit
        (flushing traces, for one).
        """
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    def _requests(self) -> int:
        """Return the requests in flight; also called from the watch's thread while the loop stands still."""
        return len(self.server_state.tasks)

    def _stalled(self, stall: StallSeen) -> None:
        """Tell of a stall, unless nobody was kept waiting yet: start-ups may block."""
        if self._slot.state != "booting":
            process.bus().emit(stall)

    def _beat(self, now: float, lag: float) -> None:
        process.beat(now, lag)
        # A held app counts those that wait at its door itself; for any app Uvicorn counts all.
        self._slot.in_flight = max(0, self._requests() - self._slot.queued)

    def _watch_drain(self) -> None:
        channel = self._worker.channel
        if channel is None:
            return
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(channel.drain)
            os.close(channel.drain)
            self._draining = True
            self.drain()

        loop.add_reader(channel.drain, ended)
