"""What is going on on a connection, and how it ends.

One that ends while its client still sends is not closed at once: the kernel would answer with a reset, and
the reset eats the answer. What is noted here is for `patience`, which takes the place of Uvicorn's keep-alive
timer: it looks at a connection now and then, where a timer would be made and cancelled with every request.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from holdfast.clock import monotonic
from holdfast.policy.deadline.wheel import current
from holdfast.serve.protocol.patience import Patience
from holdfast.serve.protocol.porter import Porter
from holdfast.service.refusal import DRAIN_SECONDS

__all__ = ["Conversation"]


class Conversation(HttpToolsProtocol):
    """Uvicorn's protocol with what `patience` asks: where things stand, and since when.

    `quiet`: the parser is at the start of a message, and nothing is going on. `heading`: a head has begun and
    is not complete. `unwanted`: the request that is being read was answered, and its body is dropped;
    `lingering`: only so much of it, and for so long; `ending`: the connection ends with it. `deaf`: nothing
    more is read. `since`: when what the client is to do now began, and `taken`, bytes of it so far; `born`,
    when it came; `stuck_since`, when it began to take nothing of what waits for it. Times in seconds,
    monotonic.
    """

    def __init__(
        self,
        porter: Porter,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self.porter = porter
        self.quiet = True
        self.heading = False
        self.unwanted = False
        self.lingering = False
        self.ending = False
        self.deaf = False
        self.born = self.since = 0.0
        self.stuck_since = 0.0
        self.taken = 0
        self.patience: Patience | None = None
        self._door = porter.door
        self._between = True
        self._upgraded = False

    # What the transport and the server call.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self.born = self.since = monotonic()
        door = self._door
        self.patience = Patience(self, door.limits, self.timeout_keep_alive, current(), door.connection)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the WebSocket protocol."""
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """Note since when the client takes nothing of what waits for it."""
        self.stuck_since = monotonic()
        super().pause_writing()

    def shutdown(self) -> None:
        """Close once nothing is going on; behind an answer that came before its body, within a second."""
        if not self.unwanted:
            super().shutdown()
        elif not self.ending:
            self._drop(lingering=True, ending=True)

    # What our own call.

    def busy(self) -> bool:
        """Whether a request is being served."""
        return self.cycle is not None and not self.cycle.response_complete

    def close_after(self) -> None:
        """Close, as an answer was the last one; when its request is still coming, within a second."""
        if self._in_body() and self.cycle.response_complete:
            self._drop(lingering=True, ending=True)
        else:
            self.transport.close()

    def head_is_late(self) -> None:
        """End the connection of a client that has begun a head and does not go on."""
        self._end(self.porter.words(408, "The head of the request did not come in time."))

    def body_is_late(self) -> None:
        """End the connection of a client whose body does not come."""
        words = b""
        if self.busy():
            if not self.cycle.response_started:
                words = self.porter.words(408, "The body of the request did not come in time.")
            # As if the client had gone: the app may be waiting for the rest.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._end(words)

    def _end(self, words: bytes) -> None:
        self.deaf = True
        if words:
            self.transport.write(words)
        self.transport.close()

    def _settle(self) -> None:
        """Nothing is going on any more, or the next request is already coming."""
        self.since = monotonic()
        self.quiet = self._between and not (self.unwanted or self._upgraded or self.deaf)

    def _in_body(self) -> bool:
        """Whether the body of a request is being read."""
        return not (self._between or self.heading or self._upgraded or self.deaf)

    def _drop(self, *, lingering: bool, ending: bool) -> None:
        """Read over what is left of a request that is answered."""
        self.unwanted, self.lingering, self.ending = True, lingering, ending
        self.since, self.taken = monotonic(), 0
        if lingering and self.patience is not None:
            self.patience.look_at(self.since + DRAIN_SECONDS)
