"""What passes between a service and a worker process: pickles, each behind its length.

Both ends are ours, on a socket pair that nobody else has: unpickling trusts it.
"""

from __future__ import annotations

import pickle
import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Any

__all__ = [
    "HEAD",
    "Job",
    "Load",
    "Loaded",
    "Prepare",
    "RemoteTrace",
    "Reply",
    "pack",
    "receive",
    "send",
    "size",
]

HEAD = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Prepare:
    """First message to a worker: as `multiprocessing.spawn.prepare` takes it (paths, arguments)."""

    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Load:
    """Import `module`; the main module by its path `main`. What fails to import says so when it is called."""

    module: str
    main: str | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """The answer to a Load."""


@dataclass(frozen=True, slots=True)
class Job:
    """A call. `call`: the pickled (func, args, kwargs), unpickled inside the worker's error handling.
    `deadline`: seconds of the monotonic clock, None where there is none."""

    call: bytes
    deadline: float | None


@dataclass(frozen=True, slots=True)
class Reply:
    """`value`: the pickled result, or with `failed` the pickled exception; `trace`: where it was raised."""

    value: bytes
    failed: bool = False
    trace: str = ""


def pack(message: object) -> bytes:
    """Return `message` as it goes over the wire."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return HEAD.pack(len(body)) + body


def size(head: bytes) -> int:
    """Return how many bytes follow `head`."""
    length: int = HEAD.unpack(head)[0]
    return length


def send(connection: socket.socket, message: object) -> None:
    """Send `message`, blocking."""
    connection.sendall(pack(message))


def receive(connection: socket.socket) -> Any:
    """Return the next message, blocking. Raises EOFError when the other side is gone."""
    return pickle.loads(_exactly(connection, size(_exactly(connection, HEAD.size))))  # noqa: S301 - see above


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(min(count - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


class RemoteTrace(Exception):
    """Cause of an exception that was raised in a worker process: says where, in that process."""

    def __init__(self, trace: str) -> None:
        self.trace = trace
        super().__init__(trace)

    def __str__(self) -> str:
        return f'\n"""\n{self.trace}"""'

    def with_traceback(self, tb: TracebackType | None) -> RemoteTrace:
        """Return itself: its trace is text."""
        return self
