"""One connection of the service, and the one to the dependency behind it.

Everything happens in callbacks of the loop: bytes come in on one side, and the effect of the fault of the
moment decides what becomes of them. Bytes from the service are counted before the effect sees them, so that
calls which a black hole swallows are seen. Without a fault a chunk costs one `transport.write`.

    service --> client side -- framer -- effect --> upstream side --> dependency
    service <-- client side <-- line (delay) <-- effect <-- upstream side <-- dependency
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

from holdfast.gate.fault.counts import Tally
from holdfast.gate.fault.framer import Framer
from holdfast.gate.fault.kinds import Effect, MakeEffect
from holdfast.gate.fault.line import END, Line
from holdfast.gate.fault.side import ClientSide, UpstreamSide, reset_on_close

__all__ = ["Link"]

_LINE_HIGH = 4 << 20
"""Bytes on a delayed line above which the dependency is read no further: memory is bounded, not the delay."""

_NO_UPSTREAM, _PEER_FULL, _LINE_FULL = 1, 2, 4  # why a side is not read


class Link:
    """Carries bytes between the client (the service's connection) and the upstream (the dependency's)."""

    __slots__ = (
        "_client",
        "_client_ended",
        "_client_held",
        "_dark",
        "_doomed",
        "_effect",
        "_ended",
        "_gone",
        "_loop",
        "_lossy",
        "_opening",
        "_pending",
        "_tally",
        "_upstream",
        "_upstream_ended",
        "_upstream_held",
        "began",
        "framed",
        "framer",
        "line",
        "said",
        "waiting",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        tally: Tally,
        framer: Framer | None,
        effect: MakeEffect | None,
        dark: bool,
        gone: Callable[[Link], None],
    ) -> None:
        self._loop = loop
        self._tally = tally
        self._gone = gone
        self._client: asyncio.Transport | None = None
        self._upstream: asyncio.Transport | None = None
        self._pending: list[bytes] = []  # from the client, before the upstream is there
        self._client_held = _NO_UPSTREAM
        self._upstream_held = 0
        self._client_ended = self._upstream_ended = False  # its EOF was passed on
        self._dark = dark  # has no upstream and never gets one
        self._opening = True
        self._ended = False
        self._lossy = False  # the streams have a hole
        self._doomed: asyncio.TimerHandle | None = None
        self.began = False
        self.framer = framer
        self.framed = framer is not None
        """Whether calls are counted, still."""
        self.line = Line(loop, self.pass_down)
        self.said = b""
        """What came from the dependency last."""
        self.waiting = False
        """Whether a call was passed on of which nothing has come back."""
        self._effect: Effect | None = effect(self) if effect is not None else None

    async def open(self, sock: socket.socket, upstream: Sequence[tuple[str, int]], limit: float) -> None:
        """Take over the accepted `sock` and connect to the first of `upstream` that accepts within `limit` s.

        To be run as a task of its own, with `opened` called when that is done, however it ended.
        """
        self.began = True
        try:
            await self._loop.connect_accepted_socket(lambda: ClientSide(self), sock)
        except OSError:  # the service was gone before it was accepted
            return
        except BaseException:
            self._client = None  # the loop has closed it; uvloop then reports no connection_lost
            raise
        if self._client is not None and not self._dark and not await self._reach(upstream, limit):
            self._tally.unreached += 1
            self.reset()

    def opened(self, sock: socket.socket) -> None:
        """`open` has ended. Not in its `finally`: a task that is cancelled before its first step has none."""
        if not self.began:
            sock.close()
        self._opening = False
        if self._client is None and self._upstream is not None:
            self._upstream.abort()
        self._end()

    async def _reach(self, upstream: Sequence[tuple[str, int]], limit: float) -> bool:
        try:
            async with asyncio.timeout(limit):
                for host, port in upstream:
                    try:
                        await self._loop.create_connection(lambda: UpstreamSide(self), host, port)
                    except ConnectionError:
                        continue
                    except BaseException:
                        self._upstream = None  # as above
                        raise
                    return True
        except OSError:  # TimeoutError is one
            pass
        return False

    def apply(self, make: MakeEffect | None) -> None:
        """Live under another effect from now on, bytes under way included; None is health."""
        effect = self._effect = make(self) if make is not None else None
        if effect is None:
            self.line.flush()
        else:
            effect.apply()
        if (self._lossy or self._dark) and not (effect is not None and effect.mute):
            self.reset()

    # The verbs of effects.

    def pass_up(self, data: bytes) -> None:
        """Pass on to the dependency what the service sent."""
        self.waiting = True
        if self._upstream is not None:
            self._upstream.write(data)
        elif self._client is not None:
            self._pending.append(data)
            self._client.pause_reading()

    def pass_down(self, data: bytes) -> None:
        """Pass on to the service what the dependency sent, END included."""
        client = self._client
        if client is None or client.is_closing():
            return
        if data:
            client.write(data)
            if self._upstream_held & _LINE_FULL and self.line.size <= _LINE_HIGH // 2:
                self._hold_upstream(_LINE_FULL, False)
        else:
            self._upstream_ended = True
            self._finish(client)

    def hold(self, data: bytes, delay: float) -> None:
        """Pass on to the service in `delay` seconds, in order; END included."""
        self.line.put(data, delay)
        if self.line.size > _LINE_HIGH:
            self._hold_upstream(_LINE_FULL, True)

    def lose(self) -> None:
        """Bytes were lost: the connection is of no use once somebody answers again."""
        self._lossy = True

    def drop(self, *, up: bool, down: bool) -> None:
        """Lose what is under way."""
        lost = down and self.line.drop()
        if up and self._pending:
            self._pending.clear()
            lost = True
        self._lossy = self._lossy or lost

    def part(self) -> None:
        """End the dependency's side unseen by the service."""
        self.drop(up=True, down=True)
        self._lossy = self._dark = True
        if self._upstream is not None:
            self._upstream.abort()

    def cut(self) -> None:
        """End both connections with RST, behind what was passed down: it arrives before."""
        self._hold_upstream(_PEER_FULL, True)
        self.later(0.0, self.reset)

    def reset(self) -> None:
        """End both connections with RST."""
        for transport in (self._client, self._upstream):
            if transport is not None:
                reset_on_close(transport)
        self.abort()

    def abort(self) -> None:
        """End both connections at once; what is under way is lost."""
        self.line.drop()
        self._pending.clear()
        if self._doomed is not None:
            self._doomed.cancel()
        for transport in (self._client, self._upstream):
            if transport is not None:
                transport.abort()

    def later(self, seconds: float, then: Callable[[], None]) -> None:
        """Do `then` in a while, unless the link has ended by then; one such thing at a time."""
        if self._doomed is not None:
            self._doomed.cancel()
        self._doomed = self._loop.call_later(seconds, then)

    def time(self) -> float:
        """Return the loop's time."""
        return self._loop.time()

    # What the service's side reports.

    def client_made(self, transport: asyncio.Transport) -> None:
        """The service's connection is taken over."""
        if self._ended:
            transport.abort()
            return
        self._client = transport
        if self._effect is not None:
            self._effect.accept()

    def client_sent(self, data: bytes) -> None:
        """Bytes from the service."""
        self._tally.bytes_up += len(data)
        begun = self._count(data) if self.framed else 0
        if self._effect is None:
            self.pass_up(data)
        else:
            self._effect.up(data, begun)

    def client_finished(self) -> bool:
        """The service sends no more; returns whether its connection stays open for the answer."""
        if self._dark or (self._effect is not None and self._effect.mute):
            # Nobody would ever answer. Kept open, the connections of callers that timed out would pile up
            # here for as long as the fault lasts: a FIN does not tell a half-close from a close.
            self.abort()
            return False
        self._client_ended = True
        if self._upstream is not None:
            self._finish(self._upstream)
        return True

    def client_full(self, full: bool) -> None:
        """The service does not read as fast as the dependency answers."""
        self._hold_upstream(_PEER_FULL, full)

    def client_lost(self, error: Exception | None) -> None:
        """The service's connection is gone."""
        self._client = None
        self.line.drop()
        if self._upstream is not None:
            if error is not None:
                reset_on_close(self._upstream)
            if error is not None or not (self._client_ended and self._upstream_ended):
                self._upstream.abort()
        self._end()

    # What the dependency's side reports.

    def upstream_made(self, transport: asyncio.Transport) -> None:
        """The dependency has accepted."""
        self._upstream = transport
        if self._dark or self._client is None or self._client.is_closing():
            transport.abort()
            return
        for data in self._pending:
            transport.write(data)
        self._pending.clear()
        if self._client_ended:
            self._finish(transport)
        self._hold_client(_NO_UPSTREAM, False)

    def upstream_sent(self, data: bytes) -> None:
        """Bytes from the dependency."""
        self._tally.bytes_down += len(data)
        self.said = data
        self.waiting = False
        if self._effect is None:
            if self._client is not None:
                self._client.write(data)
        else:
            self._effect.down(data)

    def upstream_finished(self) -> bool:
        """The dependency sends no more; its connection stays open for what the service still sends."""
        if self._effect is None:
            self.pass_down(END)
        else:
            self._effect.down_ended()
        return True

    def upstream_full(self, full: bool) -> None:
        """The dependency does not read as fast as the service sends."""
        self._hold_client(_PEER_FULL, full)

    def upstream_lost(self, error: Exception | None) -> None:
        """The dependency's connection is gone."""
        self._upstream = None
        if self._client is not None and error is not None:
            if self._effect is None:
                self.reset()
            else:
                self._effect.down_lost()
        self._end()

    # Within.

    def _count(self, data: bytes) -> int:
        framer = self.framer
        if framer is None:
            return 0
        begun = framer.feed(data)
        if begun:
            self._tally.called(begun)
        if framer.lost:
            self.framed = False
            self._tally.unframed += 1
        return begun

    def _finish(self, other: asyncio.Transport) -> None:
        """Pass an EOF on to `other`; when both sides have finished, close both."""
        if not other.is_closing():
            try:
                other.write_eof()
            except OSError:  # the other has gone; the loop has not heard of it yet
                self.abort()
                return
        if self._client_ended and self._upstream_ended:
            for transport in (self._client, self._upstream):
                if transport is not None:
                    transport.close()

    def _hold_client(self, why: int, hold: bool) -> None:
        self._client_held = self._client_held | why if hold else self._client_held & ~why
        _pace(self._client, self._client_held)

    def _hold_upstream(self, why: int, hold: bool) -> None:
        self._upstream_held = self._upstream_held | why if hold else self._upstream_held & ~why
        _pace(self._upstream, self._upstream_held)

    def _end(self) -> None:
        if self._client is None and self._upstream is None and not self._opening and not self._ended:
            self._ended = True
            if self._doomed is not None:
                self._doomed.cancel()
            self._gone(self)


def _pace(transport: asyncio.Transport | None, held: int) -> None:
    if transport is None:
        return
    if held:
        transport.pause_reading()
    else:
        transport.resume_reading()
