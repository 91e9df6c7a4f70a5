"""Closing a listening socket without dropping who already stands in its queue.

Closing it resets every connection that the kernel has accepted and the server has not. So new ones are turned
away first: a socket filter that lets no packet through (socket(7), SO_ATTACH_FILTER) keeps handshakes from
beginning, while those in the queue are accepted and served. Whoever tries meanwhile tries again a second
later, as for any lost packet, and is then refused.

The filter is on the socket itself, so on all processes that share it: only when all of them close.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import select
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["SETTLE", "let_go", "settle", "turn_away"]

_SO_ATTACH_FILTER = 26
_RETURN_NOTHING = struct.pack("=HBBI", 0x06, 0, 0, 0)  # BPF_RET | BPF_K, keep 0 bytes

SETTLE = 0.2
"""Seconds for the request of a connection that has just been accepted to arrive: a round trip far away."""

_AT_MOST = 1.0
"""Seconds for the queue to empty; a loop that needs longer is overloaded, and time is up."""

_STEP = 0.02


def turn_away(listeners: Sequence[socket.socket]) -> None:
    """Let no new connection begin on `listeners`; does nothing where the kernel has no such filter."""
    if sys.platform != "linux":
        return
    code = ctypes.create_string_buffer(_RETURN_NOTHING)
    program = struct.pack("@HP", 1, ctypes.addressof(code))
    for listener in listeners:
        with suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


def let_go(listener: socket.socket) -> None:
    """Have this process accept nothing more on `listener`, whoever here has a descriptor of it (Linux).

    For a server that cannot be asked to stop accepting without ending what it has accepted. Each descriptor
    is made one of another listener, which nobody connects to: the kernel still tells of connections on the
    first, and whoever then accepts finds none. Other processes are not affected.
    """
    if sys.platform != "linux":
        return
    mine = os.fstat(listener.fileno())
    with socket.socket(socket.AF_INET) as nobody:
        nobody.setblocking(False)
        nobody.bind(("127.0.0.1", 0))
        nobody.listen(1)
        for descriptor in list(Path("/proc/self/fd").iterdir()):
            with suppress(OSError):
                if os.path.samestat(os.fstat(int(descriptor.name)), mine):
                    os.dup2(nobody.fileno(), int(descriptor.name), inheritable=False)


async def settle(listeners: Sequence[socket.socket]) -> None:
    """Wait until the loop has accepted who waits on `listeners`, and their requests have come in."""
    poll = select.poll()
    for listener in listeners:
        poll.register(listener.fileno(), select.POLLIN)
    waited = 0.0
    while poll.poll(0) and waited < _AT_MOST:
        await asyncio.sleep(_STEP)
        waited += _STEP
    await asyncio.sleep(SETTLE)
