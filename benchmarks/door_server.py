"""An empty FastAPI handler as a worker of `holdfast serve` serves it: held, and empty or full.

`python -m benchmarks.door_server open|full` prints its port and its process id, and serves until SIGTERM.
Full: its only place is taken by a request of its own.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from pathlib import Path

import uvicorn
import uvloop
from fastapi import FastAPI

from holdfast import Holdfast
from holdfast.serve.server import SETTINGS

_BUDGET = """
[service]
name = "benchmark"
[objective]
p99 = "300ms"
[admission]
limit = {limit}
queue = 0
[deadline]
default = "10000s"
"""
_PLACES = 256


def held(limit: int) -> FastAPI:
    """Return the app."""
    app = FastAPI()
    app.state.taken = asyncio.Event()

    @app.get("/")
    async def empty() -> None: ...

    @app.get("/hold")
    async def hold() -> None:
        app.state.taken.set()
        await asyncio.Event().wait()

    with tempfile.TemporaryDirectory() as folder:
        budget = Path(folder, "holdfast.toml")
        budget.write_text(_BUDGET.format(limit=limit), encoding="utf-8")
        Holdfast(app, budget=budget)
    return app


async def main(full: bool) -> None:
    """Serve."""
    app = held(1 if full else _PLACES)
    config = uvicorn.Config(
        app, **SETTINGS, log_config=None, log_level="error", access_log=False, proxy_headers=False
    )
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    listener.setblocking(False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    host, port = listener.getsockname()
    _, holder = await asyncio.open_connection(host, port)
    if full:
        holder.write(b"GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
        await app.state.taken.wait()
    print(port, os.getpid(), flush=True)
    try:
        await serving
    finally:
        holder.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1] == "full"))
