"""Uvicorn's server in a worker: its state on the board, its loop watched, its drain announced."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

from holdfast.clock import monotonic
from holdfast.serve.boot import explain_text
from holdfast.serve.closing import settle, turn_away
from holdfast.serve.environment import Terms
from holdfast.serve.lifespan import Lifespan
from holdfast.serve.post import Post
from holdfast.serve.protocol import protocol
from holdfast.serve.supervised import Supervised

__all__ = ["SETTINGS", "Server", "proxy_settings"]

SETTINGS: dict[str, Any] = {"loop": "uvloop", "http": protocol}
"""Uvicorn's settings in every worker of ours."""

_STEP = 0.02


def proxy_settings(proxies: tuple[str, ...]) -> dict[str, Any]:
    """Return Uvicorn's settings for those whose X-Forwarded-For is believed: nobody by default, never all."""
    return {"proxy_headers": bool(proxies), "forwarded_allow_ips": list(proxies)}


class Server(uvicorn.Server):
    """Serves `config`'s app in a worker's process, on its `terms`."""

    def __init__(self, config: uvicorn.Config, *, worker: Supervised, terms: Terms) -> None:
        super().__init__(config)
        self._worker = worker
        self._terms = terms
        self._post = Post(worker, terms, self._requests, self.drain)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Run the app's start-up, listen, and say that this worker serves."""
        self._post.watch()  # before the app, which sees that it is watched and needs no watch of its own
        try:
            await super().startup(sockets=sockets)
        except SystemExit:
            failure = self.lifespan.failure if isinstance(self.lifespan, Lifespan) else ""
            self._worker.fail("lifespan", *explain_text(failure))
        if not self.should_exit:
            self._post.serving()

    async def on_tick(self, counter: int) -> bool:
        """Ask to be replaced once this worker has served its number of requests."""
        self._post.served(self.server_state.total_requests)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let everybody leave in order, run the app's shutdown, and give the slot back."""
        listeners = sockets or []
        try:
            everybody = self._post.everybody_leaves()
            if everybody:
                turn_away(listeners)
                await settle(listeners)
            for server in self.servers:
                server.close()
            for listener in listeners:
                listener.close()
            self.drain()
            if not everybody:  # the others go on with the listener, and nothing has announced it
                await self._linger()
            self.config.timeout_graceful_shutdown = await self._post.finish()  # type: ignore[assignment]
            await super().shutdown(sockets=sockets)
        finally:
            self._post.leave()

    def drain(self) -> None:
        """End kept-alive connections with their next answer; go on accepting.

        Uvicorn puts its default headers on every answer and closes the connection on `connection: close`;
        it makes them anew each second from the configuration's.
        """
        if not self._post.draining():
            return
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

    async def _linger(self) -> None:
        """Wait for connections to end with their next answer: who closes one in use loses a request."""
        until = monotonic() + self._terms.keepalive
        while self.server_state.connections and monotonic() < until:  # noqa: ASYNC110 - Uvicorn tells nobody
            await asyncio.sleep(_STEP)
