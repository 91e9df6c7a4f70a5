"""What the kernel knows of the service's listening socket: who waits to be accepted, and who was dropped.

A connection that waits in the accept queue is in no worker's figures yet, and one that found the queue full
is in nobody's at all: its handshake is dropped without a word, and the client tries again a second later.
Linux only; elsewhere nothing is known.
"""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from pathlib import Path

__all__ = ["Waiting", "dropped", "waiting"]

Waiting = tuple[int, int | None]
"""Connections in the accept queue, and how many it holds at most; None where that is not known."""

# sock_diag(7): a dump of all TCP sockets that listen, in the structures of linux/inet_diag.h.
_NETLINK_SOCK_DIAG = 4
_BY_FAMILY = 20
_REQUEST_DUMP = 0x301
_DONE, _ERROR = 3, 2
_LISTEN = 10
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI48x")
_SOCKET = struct.Struct("=BBBB48xIIIII")  # ..., expires, length of the queue, its limit, uid, inode
_PATIENCE = 0.2

_PROC = Path("/proc/net")


def waiting(inode: int) -> Waiting | None:
    """Return the accept queue of the listening TCP socket `inode`; None: it is gone, or not to be seen."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            found = _asked(family, inode)
        except OSError:  # no such kernel module, or not allowed
            return _read(inode)
        if found is not None:
            return found
    return None


def dropped() -> int | None:
    """Return how many connections were dropped, at a full accept queue or for want of memory.

    Since the network namespace exists, and by all that listen in it; None where that is not known.
    """
    with suppress(OSError, ValueError):
        lines = (_PROC / "netstat").read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            if names.startswith("TcpExt:"):
                return int(dict(zip(names.split(), values.split(), strict=True))["ListenDrops"])
    return None


def _asked(family: int, inode: int) -> Waiting | None:
    request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTEN)
    header = _HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _REQUEST_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as asked:
        asked.settimeout(_PATIENCE)
        asked.send(header + request)
        while True:
            part = asked.recv(65536)
            at = 0
            while at + _HEADER.size <= len(part):
                length, kind, *_ = _HEADER.unpack_from(part, at)
                if kind == _DONE:
                    return None
                if kind == _ERROR or length < _HEADER.size:
                    raise OSError("sock_diag is not to be had")
                *_, queued, limit, _, found = _SOCKET.unpack_from(part, at + _HEADER.size)
                if found == inode:
                    return queued, limit
                at += (length + 3) & ~3


def _read(inode: int) -> Waiting | None:
    """Look into /proc/net instead, which does not tell the limit."""
    for name in ("tcp", "tcp6"):
        with suppress(OSError, ValueError):
            for line in (_PROC / name).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[9]) == inode:
                    return int(fields[4].partition(":")[2], 16), None
    return None
