"""Ports, taken before anything is started, so that a port in use is said at once and by name."""

from __future__ import annotations

import errno
import os
import resource
import socket
from contextlib import suppress

from holdfast.errors import UsageError

__all__ = ["address_of", "listen", "make_room"]

BACKLOG = 2048
"""Connections that wait in the kernel; Gunicorn's and Uvicorn's own default.

Loops accept all that wait each time they turn, so that this many is what a stalled loop may miss: half a
second at 4,000 connections a second. `net.core.somaxconn` may allow less.
"""


def listen(host: str, port: int, *, host_option: str, port_option: str) -> socket.socket:
    """Return a socket that listens on `host`:`port` (0: any free port).

    Raises `UsageError` placed at the option that is to blame. Listening, not only binding, is what makes
    the claim certain: two sockets with SO_REUSEADDR may both be bound as long as neither listens.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"{port} is not a port (0 to 65535)", place=port_option)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise UsageError(f"{host!r} is not an address of this machine", place=host_option) from None
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _explained(error, host, port, host_option, port_option) from None
    sock.setblocking(False)
    return sock


def make_room() -> None:
    """Let this process, and those that it starts, have as many connections as the system allows.

    The usual soft limit of 1024 descriptors is there for select(2), which no event loop uses; a worker that
    meets it drops connections without a word.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # macOS calls the limit infinite and grants less
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def address_of(sock: socket.socket) -> str:
    """Return "host:port" of a listening socket, as a URL wants it."""
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _explained(error: OSError, host: str, port: int, host_option: str, port_option: str) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"port {port} is in use on {host}", place=port_option)
    if error.errno == errno.EACCES:
        return UsageError(f"port {port} may not be opened by this user", place=port_option)
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"{host} is not an address of this machine", place=host_option)
    return UsageError(f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}", place=port_option)
