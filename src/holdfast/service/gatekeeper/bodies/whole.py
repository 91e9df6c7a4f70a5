"""A small body, which is waited for whole."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from starlette.types import Message, Receive

from holdfast.service.gatekeeper.bodies.bodies import Bodies
from holdfast.service.gatekeeper.cut import Cut

__all__ = ["Whole"]


class Whole(Cut):
    """`receive` gives it to the app in one message, then whatever the server has to say. `late`: it did not
    come in time.

    The task of the request reads it itself. When its time is over that task is cancelled, and what it may
    lose of the body then is of no use any more.
    """

    __slots__ = ("_bodies", "_message", "_receive", "_since", "_taken", "late")

    coming = None

    def __init__(self, bodies: Bodies, receive: Receive) -> None:
        super().__init__()
        self._bodies = bodies
        self._receive = receive
        self._message: Message | None = None
        self._since = 0.0
        self._taken = 0
        self.late = False

    async def here(self) -> bool:
        """Wait for the body; False: it is `late`, or its client has left."""
        bodies, task = self._bodies, asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine of asyncio's
        self._task, self._cancelling, self._cut = task, task.cancelling(), False
        self._since = bodies.now()
        bodies.wheel.add(self._since + bodies.patience(0), self)
        bodies.outside += 1
        parts: list[bytes] = []
        try:
            while (message := await self._receive())["type"] == "http.request":
                part = message.get("body", b"")
                if not message.get("more_body", False):
                    self._message = {**message, "body": b"".join((*parts, part))} if parts else message
                    return True
                parts.append(part)
                self._taken += len(part)
                bodies.held += len(part)
        except asyncio.CancelledError:
            if not self.absorb():
                raise
            self.late = True
        finally:
            self.cancel()
            self._task = None
            bodies.outside -= 1
            bodies.held -= self._taken
        return False

    def due(self) -> None:
        """Give it up, unless what has come bought time."""
        bodies = self._bodies
        until = self._since + bodies.patience(self._taken)
        if until > bodies.now():
            bodies.wheel.add(until, self)
        elif bodies.gives_up():
            self.cut()

    def receive(self) -> Awaitable[Message]:
        """Return the next message for the app."""
        return self._receive() if self._message is None else self._once()

    def close(self) -> None:
        """Nothing is left to be given back."""

    async def _once(self) -> Message:
        message, self._message = self._message, None
        return await self._receive() if message is None else message
