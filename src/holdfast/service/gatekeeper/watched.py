"""An exchange whose work is cancelled when the client has left.

A server tells of that only where its `receive` is awaited, and `receive` also brings the request's body,
which is the app's. So one task reads for both: what it gets it hands on in order, a little ahead of the app,
and when it gets the disconnect it cuts the work.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable

from starlette.types import Message, Receive

from holdfast.service.gatekeeper.exchange import Exchange

__all__ = ["AHEAD", "Watched"]

AHEAD = 64 << 10
"""Bytes of a body that are read before the app asks for them: Uvicorn's own high-water mark. Beyond it the
client is not watched until the app reads on."""

_GONE: Message = {"type": "http.disconnect"}


class Watched(Exchange):
    """Give the app `receive` in place of the server's, after `watch`; `unwatch` when the work is over.

    `gone`: the client left before the end of the answer, and the work was cut for it.
    """

    __slots__ = (
        "_arrived",
        "_complete",
        "_error",
        "_inbox",
        "_left",
        "_reader",
        "_receive",
        "_unread",
        "gone",
    )

    def watch(self, receive: Receive, headers: Iterable[tuple[bytes, bytes]]) -> Receive:
        """Begin to watch; return what the app receives with.

        A client that waits for "100 Continue" before it sends the body is watched from when the app asks for
        the body: asking is what the server takes for the consent.
        """
        self.gone = False
        self._complete = False
        self._left = False
        self._error: Exception | None = None
        self._unread = 0
        self._inbox: deque[Message] = deque()
        self._arrived = asyncio.Event()  # something for the app, or room for more
        self._receive = receive
        self._reader: asyncio.Task[None] | None = None
        if not any(name == b"expect" for name, _ in headers):
            self._begin()
        return self.receive

    def unwatch(self) -> None:
        """Stop watching."""
        if self._reader is not None:
            self._reader.cancel()

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message on; after the last one the client may go, what runs in the background goes on."""
        if message["type"] == "http.response.body":
            self._complete = not message.get("more_body", False)
        elif message["type"] == "http.response.pathsend":
            self._complete = True
        return super().send(message)

    async def receive(self) -> Message:
        """Return the next message from the client."""
        if self._reader is None:
            self._begin()
        while not self._inbox:
            if self._error is not None:
                raise self._error
            if self._left:
                return _GONE
            self._arrived.clear()
            await self._arrived.wait()
        message = self._inbox.popleft()
        before, self._unread = self._unread, self._unread - len(message.get("body", b""))
        if before > AHEAD >= self._unread:
            self._begin()
        return message

    def _begin(self) -> None:
        self._reader = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        try:
            while self._unread <= AHEAD:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self._left = True
                    self._arrived.set()
                    if not self._complete and not self.overtaken:
                        self.gone = True
                        self.cut()
                    return
                self._inbox.append(message)
                self._unread += len(message.get("body", b""))
                self._arrived.set()
        except Exception as error:  # noqa: BLE001 - the server's own: the app gets it where it asked
            self._error = error
            self._arrived.set()
