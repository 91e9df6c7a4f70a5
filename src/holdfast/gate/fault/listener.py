"""The proxy's door: a listening socket that can be closed and opened again on the same port, at once.

Done on the socket itself and not with `loop.create_server`, whose opening awaits: so a fault takes effect
between two callbacks of the loop, with nothing half-way in between and nothing to be cancelled.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

from holdfast.errors import NotMeasured
from holdfast.gate.launch import port as ports

__all__ = ["Listener"]

_BACKLOG = 4096
_AT_ONCE = 64  # accepted in one turn of the loop; the rest in the next
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_PAUSE = 0.1
"""Seconds without accepting after the process ran out of file descriptors: accepting again at once would
spin, since the connection stays in the backlog and the socket readable."""


class Listener:
    """Accepts on a port of its own choice and hands each socket to `receive`."""

    __slots__ = ("_loop", "_pause", "_receive", "_sock", "host", "port")

    def __init__(
        self, host: str, receive: Callable[[socket.socket], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.host = host
        self.port = 0
        self._receive = receive
        self._loop = loop
        self._sock: socket.socket | None = None
        self._pause: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Listen: first on a free port, later on the same again. Raises NotMeasured if it is taken."""
        if self._sock is not None:
            return
        try:
            sock = ports.bind(self.host, self.port) if self.port else ports.bound(self.host)
            try:
                sock.listen(_BACKLOG)
            except BaseException:
                sock.close()
                raise
        except OSError as error:
            raise NotMeasured(
                f"the proxy's port {self.port} on {self.host} was taken while it was closed: {error.strerror}"
            ) from None
        self.port = sock.getsockname()[1]
        self._sock = sock
        self._loop.add_reader(sock.fileno(), self._accept)

    def close(self) -> None:
        """Stop listening: whoever connects is refused, whoever waits in the backlog is reset."""
        if self._sock is None:
            return
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        self._sock = None

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            if self._sock is None:  # closed by what `receive` did
                return
            try:
                sock, _ = self._sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # gone again before it was accepted
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._loop.remove_reader(self._sock.fileno())
                self._pause = self._loop.call_later(_PAUSE, self._resume)
                return
            sock.setblocking(False)
            self._receive(sock)

    def _resume(self) -> None:
        self._pause = None
        if self._sock is not None:
            self._loop.add_reader(self._sock.fileno(), self._accept)
            self._accept()
