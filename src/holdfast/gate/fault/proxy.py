"""A TCP proxy in front of one dependency, in the gate's process and loop.

The service is led here by the environment variable that the budget names (`wiring`); here its calls are
counted, and here the dependency breaks. Works on uvloop and on asyncio's own loop.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from holdfast.errors import NotMeasured, UsageError
from holdfast.gate.fault.counts import Counts, Tally
from holdfast.gate.fault.framer import MakeFramer
from holdfast.gate.fault.kinds import Fault, MakeEffect, Script
from holdfast.gate.fault.link import Link
from holdfast.gate.fault.listener import Listener

__all__ = ["Address", "Proxy"]

Address = tuple[str, int]
"""An IP address and a port."""

_CONNECT = 5.0
"""Seconds that the real dependency has to accept; its caller is reset then. Longer than a caller waits."""


class Proxy:
    """Stands between the service and the dependency `name` at `host`:`port`.

    `framer` makes what counts the calls of a connection (`framer_of`), None where they cannot be counted.
    `seed` decides jitter and who is struck by a brown-out. Belongs to the loop that started it; all methods
    are called there.
    """

    def __init__(
        self, name: str, host: str, port: int, framer: MakeFramer | None = None, *, seed: int = 0
    ) -> None:
        self.name = name
        self.host = host
        self.port = port
        self.upstream: tuple[Address, ...] = ()
        """Where the dependency really is, by IP address, as resolved at the start."""
        self._framer = framer
        self._rng = random.Random(seed)
        self._tally = Tally(counted=framer is not None)
        self._fault: Fault | Script | None = None
        self._effect: MakeEffect | None = None
        self._dark = False
        self._turn: asyncio.TimerHandle | None = None  # a script's next step
        self._links: set[Link] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._listener: Listener | None = None
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()

    async def start(self) -> Address:
        """Resolve the dependency, listen on loopback, and return the address to lead the service to.

        Raises UsageError when the dependency's name has no address. That nothing answers there is no error:
        connections are then reset, and counted as `unreached`.
        """
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UsageError(f"{self.host} has no address: {error.strerror}", place=self.name) from None
        self.upstream = tuple(dict.fromkeys((str(info[4][0]), self.port) for info in found))
        self._listener = Listener("127.0.0.1", self._receive, loop)
        self._listener.open()
        return self.address

    @property
    def address(self) -> Address:
        """Where the proxy listens, or listened before a Refuse: the port stays the same."""
        return ("127.0.0.1", self._listener.port if self._listener is not None else 0)

    @property
    def fault(self) -> Fault | Script | None:
        """What was applied last: what is wrong with the dependency, None where it is healthy."""
        return self._fault

    @property
    def counts(self) -> Counts:
        """A snapshot of the counters, which only grow."""
        return self._tally.snapshot()

    @property
    def open_connections(self) -> int:
        """How many connections of the service are open now."""
        return len(self._links)

    def calls_by_second(self) -> Mapping[int, int]:
        """Return the calls begun in each whole second of the monotonic clock that had any."""
        return self._tally.by_second()

    def apply(self, fault: Fault | Script | None) -> None:
        """Let `fault` hold from now on, None heals; open connections included, before any further byte.

        Raises NotMeasured when the port was taken while it was closed, the refusal goes on then; and where
        the fault wants a protocol that the proxy does not understand. Does nothing after `close`.
        """
        if self._closed:
            return
        if self._listener is None:
            raise RuntimeError("the proxy has not been started")
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if isinstance(fault, Script):
            self._step(fault, 0, asyncio.get_running_loop().time())
        else:
            self._hold(fault)
        self._fault = fault

    def _step(self, script: Script, number: int, due: float) -> None:
        """Do the step of a script, and come back for the next; times are counted from when it was due."""
        seconds, fault = script.steps[number]
        self._hold(fault)
        due += seconds
        following = (number + 1) % len(script.steps)
        self._turn = asyncio.get_running_loop().call_at(due, self._step, script, following, due)

    def _hold(self, fault: Fault | None) -> None:
        if fault is not None and fault.framed and self._framer is None:
            raise NotMeasured(f"{fault.kind}: the proxy does not understand the protocol of {self.name}")
        if self._listener is None:
            return
        if fault is not None and fault.refuses:
            self._listener.close()
        else:
            self._listener.open()
        self._effect = fault.effects(self._rng) if fault is not None else None
        self._dark = fault is not None and fault.dark
        for link in tuple(self._links):
            link.apply(self._effect)

    async def close(self) -> None:
        """Stop listening, end all connections and wait until their sockets are closed."""
        self._closed = True
        if self._turn is not None:
            self._turn.cancel()
        if self._listener is not None:
            self._listener.close()
        for link in tuple(self._links):
            link.abort()
        for task in self._opening:
            task.cancel()
        await self._empty.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _receive(self, sock: socket.socket) -> None:
        self._tally.connections += 1
        loop = asyncio.get_running_loop()
        link = Link(
            loop,
            tally=self._tally,
            framer=self._framer() if self._framer is not None else None,
            effect=self._effect,
            dark=self._dark,
            gone=self._gone,
        )
        self._links.add(link)
        self._empty.clear()
        task = loop.create_task(link.open(sock, self.upstream, _CONNECT))
        self._opening.add(task)
        task.add_done_callback(lambda task: self._opened(task, link, sock))

    def _opened(self, task: asyncio.Task[None], link: Link, sock: socket.socket) -> None:
        self._opening.discard(task)
        link.opened(sock)

    def _gone(self, link: Link) -> None:
        self._links.discard(link)
        if not self._links:
            self._empty.set()
