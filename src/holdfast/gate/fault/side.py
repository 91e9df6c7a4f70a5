"""The two ends of a link as asyncio protocols: they name the loop's callbacks after who is speaking."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from holdfast.gate.fault.link import Link

__all__ = ["ClientSide", "UpstreamSide", "reset_on_close"]

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds: close() sends RST instead of FIN, socket(7)


def reset_on_close(transport: asyncio.Transport) -> None:
    """Make the end of this connection a reset."""
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        with contextlib.suppress(OSError):  # the peer was faster
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


class ClientSide(asyncio.Protocol):
    """The service's connection."""

    __slots__ = ("_link",)

    def __init__(self, link: Link) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's callback, as are the others."""
        self._link.client_made(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        """Bytes."""
        self._link.client_sent(data)

    def eof_received(self) -> bool:
        """A FIN."""
        return self._link.client_finished()

    def pause_writing(self) -> None:
        """The write buffer is full."""
        self._link.client_full(True)

    def resume_writing(self) -> None:
        """The write buffer has room."""
        self._link.client_full(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        self._link.client_lost(exc)


class UpstreamSide(asyncio.Protocol):
    """The dependency's connection."""

    __slots__ = ("_link",)

    def __init__(self, link: Link) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's callback, as are the others."""
        self._link.upstream_made(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        """Bytes."""
        self._link.upstream_sent(data)

    def eof_received(self) -> bool:
        """A FIN."""
        return self._link.upstream_finished()

    def pause_writing(self) -> None:
        """The write buffer is full."""
        self._link.upstream_full(True)

    def resume_writing(self) -> None:
        """The write buffer has room."""
        self._link.upstream_full(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        self._link.upstream_lost(exc)
