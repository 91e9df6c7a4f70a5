"""Granian in a worker process of ours: its own runtime for HTTP, our loop, watch and drain for the app.

Granian's own master is not used. It neither notices a loop that stands still nor starts a worker before it
stops another without resetting who waits: each of its workers has a listener of its own (SO_REUSEPORT). Here
each runs Granian embedded, over the one listener that all workers share.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any

import uvicorn

from holdfast.errors import UsageError
from holdfast.serve.boot import explain_text
from holdfast.serve.closing import let_go, settle, turn_away
from holdfast.serve.environment import Terms
from holdfast.serve.lifespan import Lifespan
from holdfast.serve.listen import BACKLOG
from holdfast.serve.post import Post
from holdfast.serve.supervised import Supervised
from holdfast.serve.traffic import Traffic

__all__ = ["Granian"]

_AT_ONCE = 1 << 14
"""Connections that a worker takes at once: far more than it can serve, so that the door decides and not a
queue in front of it that nobody sees. Files run out first."""

_TICK = 0.1


class Granian:
    """Serves `config`'s app; `config` is Uvicorn's, of which the lifespan and the proxy headers are used."""

    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, *, worker: Supervised, terms: Terms
    ) -> None:
        self._config = config
        self._listener = listener
        self._worker = worker
        self._terms = terms
        self._stop = asyncio.Event()
        self._traffic: Traffic | None = None
        self._post = Post(worker, terms, self._requests, self.drain)

    async def serve(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain."""
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, self._stop.set)
        self._post.watch()
        try:
            await self._serve()
        finally:
            self._post.leave()

    def drain(self) -> None:
        """End kept-alive connections with their next answer; go on accepting."""
        if self._post.draining() and self._traffic is not None:
            self._traffic.close_kept_alive()

    async def _serve(self) -> None:
        lifespan = Lifespan(self._config)
        await lifespan.startup()
        if lifespan.should_exit:
            self._worker.fail("lifespan", *explain_text(lifespan.failure))
        if self._stop.is_set():
            await lifespan.shutdown()
            return
        traffic = self._traffic = Traffic(self._config.loaded_app, lifespan.state)
        server = _embedded(traffic, self._listener)
        serving = asyncio.ensure_future(server.serve())
        self._post.serving()
        ended = asyncio.ensure_future(self._stop.wait())
        while not ended.done() and not serving.done():
            await asyncio.wait((ended, serving), timeout=_TICK, return_when=asyncio.FIRST_COMPLETED)
            self._post.served(traffic.total)
        ended.cancel()
        if serving.done():
            await serving  # raises what ended it
        await self._leave(server, serving, traffic)
        await lifespan.shutdown()

    async def _leave(self, server: Any, serving: asyncio.Future[None], traffic: Traffic) -> None:
        listeners = [self._listener]
        everybody = self._post.everybody_leaves()
        if everybody:
            turn_away(listeners)
            await settle(listeners)
        let_go(self._listener)
        self.drain()
        if not everybody:
            await asyncio.sleep(self._terms.keepalive)  # nobody tells which connections are still kept
        left = await self._post.finish()
        await traffic.close_websockets()
        server.stop()
        await asyncio.wait([serving], timeout=left or 0.0)
        if traffic.cancel():
            await asyncio.wait([serving], timeout=self._terms.closing / 4)

    def _requests(self) -> int:
        return 0 if self._traffic is None else len(self._traffic)


def _embedded(app: Any, listener: socket.socket) -> Any:
    """Return Granian's embedded server for `app`, on `listener`, which it gets a descriptor of its own of."""
    try:
        from granian._granian import SocketHolder
        from granian.constants import Interfaces
        from granian.log import LogLevels
        from granian.server.embed import Server
    except ImportError as error:
        raise UsageError(
            f"{error.name} is not installed: pip install 'holdfast[serve,granian]'", place="service.server"
        ) from None

    class Embedded(Server):  # type: ignore[misc, unused-ignore]
        def _init_shared_socket(self) -> None:
            self._ssp = None
            holder: Any = SocketHolder  # its stub leaves out what it takes
            self._shd = holder(os.dup(listener.fileno()), False, BACKLOG)

    return Embedded(
        app,
        interface=Interfaces.ASGINL,  # the lifespan is ours, so that its failure can be told
        log_level=LogLevels.error,
        backlog=BACKLOG,
        backpressure=_AT_ONCE,
    )
