"""The admin port's HTTP server, inside the supervisor's loop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

__all__ = ["AdminServer", "admin_server"]

_AT_ONCE = 64
"""Connections at once: probes, a scraper, a console. More is a mistake or an attack, and gets a 503."""


class AdminServer(uvicorn.Server):
    """Uvicorn that leaves the process's signals alone: they are the supervisor's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def admin_server(app: ASGIApp) -> AdminServer:
    """Return a server for `app`: `serve(sockets=[...])` runs until `should_exit` is set."""
    return AdminServer(
        uvicorn.Config(
            app,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=1,
            proxy_headers=False,
            server_header=False,
        )
    )
