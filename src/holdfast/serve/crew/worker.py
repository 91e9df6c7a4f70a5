"""What a worker of the crew does: Uvicorn, or Granian, on the listener that all of them share."""

from __future__ import annotations

import logging
import os
import socket
import sys

import uvicorn
from uvicorn._compat import asyncio_run

from holdfast.serve.environment import terms
from holdfast.serve.granian import Granian
from holdfast.serve.lifespan import Lifespan
from holdfast.serve.server import SETTINGS, Server, proxy_settings
from holdfast.serve.supervised import BOOT_FAILED, Supervised

__all__ = ["work"]


def work(app: str, server: str, workers: int, listener: socket.socket, age: int) -> None:
    """Serve `app` with `server`, "uvicorn" or "granian"; `age` above `workers` replaces another worker."""
    worker, told = Supervised(parent=os.getppid(), replaces=age > workers), terms()
    _log_to_stderr()
    config = uvicorn.Config(
        worker.load(app),
        **SETTINGS,
        **proxy_settings(told.proxies),
        log_config=None,
        access_log=False,
        timeout_keep_alive=told.keepalive,  # type: ignore[arg-type]  # any number of seconds
    )
    config.load()
    config.lifespan_class = Lifespan
    if server == "granian":
        asyncio_run(
            Granian(config, listener, worker=worker, terms=told).serve(),
            loop_factory=config.get_loop_factory(),
        )
        return
    running = Server(config, worker=worker, terms=told)
    asyncio_run(running.serve(sockets=[listener]), loop_factory=config.get_loop_factory())
    if not running.started:
        sys.exit(BOOT_FAILED)


def _log_to_stderr() -> None:
    """Show the server's warnings, as Gunicorn does; the app's own logging is the app's."""
    logger = logging.getLogger("uvicorn.error")
    logger.handlers = [logging.StreamHandler(sys.stderr)]
    logger.setLevel(logging.WARNING)
    logger.propagate = False
