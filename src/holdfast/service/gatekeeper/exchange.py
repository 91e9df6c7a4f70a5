"""One request and its answer, as the gatekeeper sees them pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message, Scope, Send

from holdfast.clock import Now
from holdfast.loop.route import template
from holdfast.policy.deadline.ambient import Frame, earlier
from holdfast.policy.deadline.wheel import TICK, Entry, Wheel, current
from holdfast.service.gatekeeper.cut import Cut
from holdfast.service.gatekeeper.opened import Opened, Stream, endless
from holdfast.service.identity import HEADER

__all__ = ["Exchange", "begin"]

_new = object.__new__

_NOWHERE: dict[Entry, None] = {}
"""The slot of an exchange without a deadline: always empty."""

_TIMING = b"server-timing"
_PREPARED = 1000
_SPENT = [(_TIMING, b"app;dur=%d.%d" % divmod(tenths, 10)) for tenths in range(_PREPARED)]
"""The header for up to 100 ms, made in advance: formatting a float costs a microsecond of a cold cache."""


E = TypeVar("E", bound="Exchange")


class Exchange(Cut):
    """Watches what is sent, notes the status and adds headers; and is its own deadline on the timer wheel.
    Made by `begin`.

    It is also the frame that everything below it runs in (`policy.deadline.ambient`): `at` is the deadline in
    force there, and the request's id is found through it.

    `send` is a plain function that returns the server's own awaitable: a coroutine around every message
    would cost as much as all other concerns together. `status` is 0 until the answer starts. `timing`: the
    clock for a Server-Timing header, None sends none. `overtaken`: the status of an answer in the app's
    place, 0 for none; one of them is made by `late`, when the deadline passed before there was an answer.
    `stream`: its place among the opened, for an answer in parts that has no known length. `entered`: when it
    was admitted, after `began` where it waited. `spent`: seconds in calls by dependency, None for none.
    """

    __slots__ = (
        "_answering",
        "_headers",
        "_late",
        "_opened",
        "_pass_on",
        "_scope",
        "_timing",
        "at",
        "began",
        "entered",
        "outer",
        "overtaken",
        "request_id",
        "spent",
        "status",
        "stream",
    )

    _answering: asyncio.Future[None]
    _headers: list[tuple[bytes, bytes]]
    _late: ASGIApp
    _opened: Opened | None
    _pass_on: Callable[[Message], Awaitable[None]]
    _scope: Scope
    _timing: Now | None
    at: float | None
    began: float
    entered: float
    outer: Frame | None
    overtaken: int
    request_id: bytes
    spent: dict[str, float] | None
    status: int
    stream: Stream | None

    gone = False
    """Whether the client left before the end of the answer; only a `Watched` exchange knows."""

    @property
    def route(self) -> str:
        """ "METHOD /path/{template}", for logs; "" until the app has routed."""
        path = template(self._scope)
        return f"{self._scope['method']} {path}" if path else ""

    @property
    def traceparent(self) -> bytes:
        """The caller's trace as he tells it, unchecked; b"" where he tells none."""
        found: bytes = next((value for name, value in self._scope["headers"] if name == b"traceparent"), b"")
        return found

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a message on to the server, the answer's start with our headers.

        Begun, the answer goes on whatever the time. So from here on no deadline is in force in the task that
        sends it: neither for the rest of a stream, nor for a commit or a background task after the answer.
        """
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.at = None
            named = (HEADER, self.request_id)
            # A new list: the response that the old one belongs to may be sent again.
            if self._timing is None:
                headers = [*message.get("headers", ()), named]
            else:
                tenths = int((self._timing() - self.began) * 1e4)
                plain = tenths < _PREPARED and self.spent is None and self.entered is self.began
                spent = _SPENT[tenths] if plain else (_TIMING, self._time(tenths))
                headers = [*message.get("headers", ()), named, spent]
            message["headers"] = self._headers = headers
        elif "more_body" in message and message["more_body"] and self._opened is not None:
            self._open()
        return self._pass_on(message)

    def due(self) -> None:
        """The time is over: end the work, unless an answer is on its way, which is the better answer.

        What cannot be ended at once (a thread, a shielded write, a handler that cleans up) goes on, and keeps
        its permit until it has ended. The caller does not wait for it: he has his 504 a tick later, whatever
        the work still says is dropped.
        """
        if self.status or self.overtaken or self.gone or self._task is None:
            return
        if not self._cut:
            self.cut()
            current().add(asyncio.get_running_loop().time() + TICK, self)
        else:
            self.overtake(self._late, 504)

    def overtake(self, answer: ASGIApp, status: int) -> None:
        """Have `answer` answer in the app's place; what the app still says is dropped."""
        self.overtaken, pass_on, self._pass_on = status, self._pass_on, _drop
        self._answering = asyncio.ensure_future(answer(self._scope, _silence, pass_on))

    async def answer_late(self) -> None:
        """Answer 504 unless an answer has begun, and see to it that one in the app's place is out."""
        if not self.overtaken and not self.status and not self.gone:
            self.overtake(self._late, 504)
        if self.overtaken:
            await self._answering

    def disarm(self) -> None:
        """The work is over: neither cancel it any more, nor leave a cancellation asked."""
        self._slot.pop(self, None)
        if self._cut:
            self.absorb()
        if self.stream is not None:
            self.stream.close()
        self._task = None

    def _open(self) -> None:
        """Take a place among the opened, if the answer belongs there: its first part is not its last.

        Behind `BaseHTTPMiddleware` every answer comes in parts: what tells is that its length is not known.
        """
        opened, self._opened = self._opened, None
        if opened is not None:
            unbounded, events = endless(self._headers)
            if unbounded:
                self.stream = Stream(opened, events=events, end=self._end)

    def _time(self, tenths: int) -> bytes:
        """Return the value of Server-Timing: the whole time, then what of it went where."""
        parts = [b"app;dur=%d.%d" % divmod(tenths, 10)]
        if self.entered > self.began:
            parts.append(b"door;dur=%.1f" % ((self.entered - self.began) * 1e3))
        for name, spent in (self.spent or {}).items():
            parts.append(b"%b;dur=%.1f" % (name.encode("ascii", "replace"), spent * 1e3))
        return b", ".join(parts)

    async def _end(self) -> None:
        """End the answer properly, after what was sent of it, and then the work for it."""
        pass_on, self._pass_on = self._pass_on, _drop
        await pass_on({"type": "http.response.body", "body": b"", "more_body": False})
        self.cut()


def begin(
    kind: type[E],
    scope: Scope,
    send: Send,
    began: float,
    request_id: bytes,
    task: asyncio.Task[Any] | None,
    at: float | None,
    wheel: Wheel,
    outer: Frame | None,
    timing: Now | None,
    opened: Opened | None,
    late: ASGIApp,
) -> E:
    """Return a new exchange in `task`, which serves the request, due at `at`; `disarm` it at the end.

    A function and no constructor: Python calls one of its own functions for a third of what calling a class
    takes, and this is on every request.
    """
    exchange = _new(kind)
    exchange._scope = scope
    exchange._pass_on = send
    exchange._timing = timing
    exchange._opened = opened
    exchange._late = late
    exchange._cut = False
    exchange.began = exchange.entered = began
    exchange.spent = None
    exchange.request_id = request_id
    exchange.status = exchange.overtaken = 0
    exchange.stream = None
    exchange.outer = outer
    exchange.at = at if outer is None else earlier(outer.at, at)
    exchange._task = task
    if task is not None:
        exchange._cancelling = task.cancelling()
        if at is not None:
            wheel.add(at, exchange)
            return exchange
    exchange._slot = _NOWHERE
    return exchange


async def _drop(message: Message) -> None:
    """Drop a message: the answer is out already."""


async def _silence() -> Message:
    """Receive nothing: an answer in the app's place has nothing to wait for."""
    return {"type": "http.disconnect"}
