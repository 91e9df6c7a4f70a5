"""One request and its answer, as the gatekeeper sees them pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Message, Send

from holdfast.clock import Now
from holdfast.policy.deadline.wheel import Entry, Wheel
from holdfast.service.gatekeeper.thread import in_worker_thread
from holdfast.service.identity import HEADER
from holdfast.service.problem import render

__all__ = ["Exchange"]

_TIMING = b"server-timing"
_SPENT = [(_TIMING, b"app;dur=%d.%d" % divmod(tenths, 10)) for tenths in range(1000)]
"""The header for up to 100 ms, made in advance: formatting a float costs a microsecond of a cold cache."""


class Exchange(Entry):
    """Watches what is sent: notes the status and adds headers; and is its own deadline on the timer wheel.

    `send` is a plain function that returns the server's own awaitable: a coroutine around every message
    would cost as much as all other concerns together. `status` is 0 until the answer starts. `timing`: the
    clock for a Server-Timing header, None sends none. `late`: the deadline passed before there was an answer.
    """

    __slots__ = (
        "_answering",
        "_cancelling",
        "_expired",
        "_pass_on",
        "_task",
        "_timing",
        "began",
        "late",
        "request_id",
        "status",
    )

    def __init__(self, send: Send, began: float, request_id: bytes, timing: Now | None) -> None:
        # Not through Entry's constructor: it would make a dict for every request that has no deadline.
        self._pass_on: Callable[[Message], Awaitable[None]] = send
        self._timing = timing
        self._expired = False
        self.began = began
        self.late = False
        self.request_id = request_id
        self.status = 0

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message on to the server, the answer's start with our headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            # A new list: the response that the old one belongs to may be sent again.
            message["headers"] = headers = [*message.get("headers", ()), (HEADER, self.request_id)]
            if self._timing is not None:
                headers.append(_spent(int((self._timing() - self.began) * 1e4)))
        return self._pass_on(message)

    def arm(self, wheel: Wheel, at: float | None) -> None:
        """Be due at `at`, seconds of the loop's clock, in the task that serves the request; `disarm` it."""
        self._task = task = asyncio.current_task()
        if at is not None and task is not None:
            self._cancelling = task.cancelling()
            wheel.add(at, self)
        else:
            self._slot = {}

    def due(self) -> None:
        """The time is over: end the work, unless an answer is on its way, which is the better answer.

        Work in a thread cannot be ended. The caller gets its 504 all the same; the request keeps its permit
        and its thread until the thread is done, and what it says then is dropped.
        """
        if self.status or self._task is None:
            return
        if in_worker_thread(self._task):
            self.late, pass_on, self._pass_on = True, self._pass_on, _drop
            self._answering = asyncio.ensure_future(self._answer(pass_on))
        else:
            self._expired = True
            self._task.cancel()

    async def answer_late(self) -> None:
        """Answer 504, unless an answer has begun."""
        if not self.status:
            self.late = True
            await self._answer(self._pass_on)

    async def _answer(self, pass_on: Callable[[Message], Awaitable[None]]) -> None:
        request_id = self.request_id.decode("ascii", "replace")
        detail = "the deadline of this request has passed"
        headers, body = render("deadline", 504, detail, request_id=request_id)
        headers.append((HEADER, self.request_id))
        await pass_on({"type": "http.response.start", "status": 504, "headers": headers})
        await pass_on({"type": "http.response.body", "body": body})

    def absorb(self) -> bool:
        """Take back the cancellation that `due` asked for, once.

        Returns whether there was one and no other: otherwise somebody else cancelled, and that goes on (the
        bookkeeping of `asyncio.timeout`).
        """
        if not self._expired or self._task is None:
            return False
        self._expired = False
        return self._task.uncancel() <= self._cancelling

    def disarm(self) -> None:
        """The work is over: neither cancel it any more, nor leave a cancellation asked."""
        self._slot.pop(self, None)
        if self._expired:
            self.absorb()
        self._task = None


def _spent(tenths: int) -> tuple[bytes, bytes]:
    """Return the Server-Timing header for `tenths` of a millisecond."""
    return _SPENT[tenths] if tenths < len(_SPENT) else (_TIMING, b"app;dur=%d.%d" % divmod(tenths, 10))


async def _drop(message: Message) -> None:
    """Drop a message: the answer is out already."""
