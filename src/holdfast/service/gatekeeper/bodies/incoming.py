"""A large body, one of unknown length, or one that is sent only when it is asked for."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.types import ASGIApp, Message, Receive

from holdfast.service.gatekeeper.bodies.bodies import STILL, Bodies
from holdfast.service.gatekeeper.exchange import Exchange

__all__ = ["Incoming"]

_GONE: Message = {"type": "http.disconnect"}


class Incoming:
    """One task reads up to `Bodies.ahead` bytes of it before anybody asks for them, so that waiting can end
    without losing what comes. `waits`: whether it is waited for outside.

    `late`: it did not come in time. `coming`: itself, unless it was whole when it came in. Then `exchange` is
    to be set, and `slow` answers if the client does not go on. `close` it at the end.
    """

    __slots__ = (
        "_bodies",
        "_changed",
        "_complete",
        "_ended",
        "_error",
        "_gone",
        "_inbox",
        "_outside",
        "_paid",
        "_reader",
        "_receive",
        "_slow",
        "_turn",
        "_unread",
        "_waited",
        "_waits",
        "coming",
        "exchange",
        "late",
    )

    def __init__(self, bodies: Bodies, receive: Receive, slow: ASGIApp, *, waits: bool) -> None:
        self._bodies = bodies
        self._receive = receive
        self._slow = slow
        self._waits = waits
        self._inbox: deque[Message] = deque()
        self._unread = 0
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._turn: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._complete = self._gone = self._ended = self._outside = False
        self._paid = self._waited = 0.0
        self.late = False
        self.coming: Incoming | None = self
        self.exchange: Exchange | None = None

    async def here(self) -> bool:
        """Wait until the request may come in; False: the body is `late`, or its client has left."""
        if self._waits:
            bodies = self._bodies
            bodies.outside += 1
            self._outside = True
            try:
                await self._wait()
            finally:
                self._outside = False
                bodies.outside -= 1
                bodies.held -= self._unread
        if self._complete:
            self.coming = None
        self._paid = self._waited = self._bodies.now()
        return not (self._gone or self.late)

    def let_in(self) -> None:
        """Let it in though it stands still."""
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)

    def end(self) -> None:
        """End it, unless something came, or its answer has begun: then it is a stream, maybe both ways."""
        if not self._inbox and not self._complete and (self.exchange is None or not self.exchange.status):
            self._ended = True
            self._changed.set()

    async def receive(self) -> Message:
        """Return the next message for the app."""
        while not self._inbox:
            if self._error is not None:
                raise self._error
            if self._ended:
                await self._give_up()
            if self._gone or self._ended:
                return _GONE
            if self._complete:
                return await self._receive()
            await self._more()
        message = self._inbox.popleft()
        self._unread -= len(message.get("body", b""))
        return message

    def close(self) -> None:
        """The request is over."""
        self._bodies.go_on(self)
        if self._reader is not None:
            self._reader.cancel()

    async def _wait(self) -> None:
        """Wait outside: for enough of the body; after a while also for leave to come in without."""
        bodies, reader = self._bodies, self._read_on()
        since = bodies.now()
        await asyncio.wait((reader,), timeout=STILL)
        if reader.done():
            return
        self._turn = asyncio.get_running_loop().create_future()
        bodies.ask(self)
        while not (reader.done() or self._turn.done()):
            left: float | None = since + bodies.patience(self._unread) - bodies.now()
            if left is not None and left <= 0:
                if bodies.gives_up():
                    self.late = True
                    return
                left = None  # told once: for as long as it takes
            await asyncio.wait((reader, self._turn), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if reader.done():
            bodies.go_on(self)  # it stands still no more

    async def _more(self) -> None:
        """Wait inside, for the next part.

        Who sends a byte now and then stands still too: bytes pay for time at `pace`, and time that the app
        has taken for itself is paid.
        """
        self._changed.clear()
        self._read_on()
        if self.exchange is not None and not self.exchange.status:
            bodies = self._bodies
            now = bodies.now()
            self._paid = min(now, self._paid + now - self._waited)
            bodies.stand(self, self._paid)
        try:
            await self._changed.wait()
        finally:
            self._bodies.go_on(self)
            self._waited = self._bodies.now()

    async def _give_up(self) -> None:
        """Answer for the app and cut its work: told of a disconnect, it would fail with an error."""
        exchange = self.exchange
        if exchange is not None and not exchange.overtaken:
            exchange.overtake(self._slow, 408)
            exchange.cut()
            await asyncio.sleep(0)

    def _read_on(self) -> asyncio.Task[None]:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.ensure_future(self._read())
        return self._reader

    async def _read(self) -> None:
        try:
            while self._unread <= self._bodies.ahead and not self._complete:
                message = await self._receive()
                if message["type"] != "http.request":
                    self._gone = True
                    return
                self._take(message)
        except Exception as error:  # noqa: BLE001 - the server's own: the app gets it where it asked
            self._error = error
        finally:
            self._changed.set()

    def _take(self, message: Message) -> None:
        size = len(message.get("body", b""))
        self._unread += size
        if self._outside:
            self._bodies.held += size
        else:
            self._paid += size / self._bodies.pace
            self._bodies.go_on(self)
        self._complete = not message.get("more_body", False)
        self._inbox.append(message)
        self._changed.set()
