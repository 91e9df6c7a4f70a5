"""`python -m benchmarks.overload.peer NAME`: a way of holding the service under Uvicorn, as people run it.

uvloop and httptools, no access log, as `holdfast serve` has it. Prints its port first.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from benchmarks.overload import service
from benchmarks.overload.floor import WriteOnly

__all__ = ["FLOOR", "PEERS"]

PEERS: dict[str, Callable[[], ASGIApp]] = {
    "bare_uvicorn": service.bare,
    "asgi_semaphore": service.semaphore,
    "fastapi_depends": service.depends,
}

FLOOR = "write_only"
"""No way of holding a service, but a bound for all of them: see `floor`."""


def main(name: str) -> None:
    """Serve until SIGTERM."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        cast("Callable[..., Any]", PEERS.get(name, service.bare)()),
        loop="uvloop",
        http=WriteOnly if name == FLOOR else "httptools",
        ws="none",
        log_level="error",
        access_log=False,
    )
    print(listener.getsockname()[1], flush=True)
    Server(config).run(sockets=[listener])


class Server(uvicorn.Server):
    """Ends at once: whoever still waits belongs to a run that is over."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM as the system has it."""
        yield


if __name__ == "__main__":
    main(sys.argv[1])
