"""CPU per request of the gatekeeper, in process: FastAPI bare, with `Holdfast(app)`, and with its peers.

The peers are prometheus-fastapi-instrumentator, slowapi and asgi-correlation-id together. The contenders
alternate within one run, each on its own event loop. A handler really suspends once. What counts is the CPU
time of the whole process, the stall watch's thread included. `Holdfast(app)` does what its users get: request
id, admission, deadline, metrics, slow log, Server-Timing; nothing is sampled away.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import uvloop
from fastapi import FastAPI, Request

from benchmarks.report import check, exit_code, figures, machine, missing, table

_LIMIT = 0.25
"""Of bare FastAPI, at most added."""

BUDGET = """
[service]
name = "benchmark"
[objective]
p99 = "300ms"
[admission]
limit = 64
queue = 32
[deadline]
default = "2s"
"""

SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/products/42",
    "raw_path": b"/products/42",
    "query_string": b"",
    "root_path": "",
    "headers": [
        (b"host", b"127.0.0.1:8000"),
        (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64)"),
        (b"accept", b"application/json"),
        (b"accept-encoding", b"gzip, deflate, br"),
        (b"accept-language", b"en"),
        (b"connection", b"keep-alive"),
    ],
    "client": ("127.0.0.1", 50000),
    "server": ("127.0.0.1", 8000),
    "state": {},
}


def service() -> FastAPI:
    """Return the app that all contenders share."""
    app = FastAPI()

    @app.get("/products/{product_id}")
    async def product(request: Request, product_id: int) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"id": product_id}

    return app


def bare() -> FastAPI:
    """FastAPI alone."""
    return service()


def held() -> FastAPI:
    """FastAPI with everything that the gatekeeper does."""
    from holdfast import Holdfast

    app = service()
    with tempfile.TemporaryDirectory() as folder:
        budget = Path(folder, "holdfast.toml")
        budget.write_text(BUDGET, encoding="utf-8")
        Holdfast(app, budget=budget, server_timing=True)
    return app


def peers() -> FastAPI:
    """FastAPI with the packages that teams put together for metrics, limits and request ids."""
    from asgi_correlation_id import CorrelationIdMiddleware
    from prometheus_client import CollectorRegistry
    from prometheus_fastapi_instrumentator import Instrumentator
    from slowapi import Limiter
    from slowapi.middleware import SlowAPIASGIMiddleware
    from slowapi.util import get_remote_address

    app = service()
    app.state.limiter = Limiter(key_func=get_remote_address, default_limits=["1000000/minute"])
    app.add_middleware(SlowAPIASGIMiddleware)
    app.add_middleware(CorrelationIdMiddleware)
    Instrumentator(registry=CollectorRegistry()).instrument(app)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start and stop `app` as a server does, by the ASGI lifespan: the stall watch runs only in between."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": SCOPE["asgi"], "state": {}}
    running = asyncio.create_task(app(scope, inbox.get, outbox.put))
    for step in ("startup", "shutdown"):
        await inbox.put({"type": f"lifespan.{step}"})
        said = await outbox.get()
        if said["type"] != f"lifespan.{step}.complete":
            raise SystemExit(f"the app did not come up: {said}")
        if step == "startup":
            yield
    await running


class Contender:
    """An app on a loop of its own."""

    def __init__(self, name: str, make: Callable[[], FastAPI]) -> None:
        self.name = name
        self.app = make()
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.micros: list[float] = []

    def round(self, requests: int) -> None:
        """Serve `requests` one after the other, each in a task of its own as Uvicorn does."""
        self.micros.append(self.runner.run(self._serve(requests)))

    async def _serve(self, requests: int) -> float:
        async with lifespan(self.app):
            await self._requests(requests // 10)
            before = time.process_time()
            await self._requests(requests)
            return (time.process_time() - before) / requests * 1e6

    async def _requests(self, requests: int) -> None:
        loop, app = asyncio.get_running_loop(), self.app
        statuses = set()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.add(message["status"])

        for _ in range(requests):
            scope = dict(SCOPE, headers=SCOPE["headers"][:], state={})
            await loop.create_task(app(scope, receive, send))
        if statuses != {200}:
            raise SystemExit(f"{self.name} answered {statuses}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gatekeeper", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less certain")
    quick = parser.parse_args(arguments).quick
    missing("asgi_correlation_id", "prometheus_fastapi_instrumentator", "slowapi")
    rounds, requests = (9, 2000) if quick else (31, 4000)
    contenders = [
        Contender("bare FastAPI", bare),
        Contender("Holdfast(app)", held),
        Contender("peers", peers),
    ]
    for _ in range(rounds):
        for contender in contenders:
            contender.round(requests)
    bare_us = statistics.median(contenders[0].micros)
    rows = []
    added: dict[str, float] = {}
    for contender in contenders:
        paired = [mine - base for mine, base in zip(contender.micros, contenders[0].micros, strict=True)]
        added[contender.name] = statistics.median(paired)
        rows.append(
            (
                contender.name,
                f"{statistics.median(contender.micros):.1f}",
                f"{added[contender.name]:+.1f}",
                f"{added[contender.name] / bare_us:+.0%}",
            )
        )
    machine()
    table(("contender", "CPU us/request", "added us", "of bare"), rows)
    added_us = added["Holdfast(app)"]
    within = check(f"added at most {_LIMIT:.0%} of bare", added_us, "<=", _LIMIT * bare_us)
    figures(bare_us=bare_us, added_us=added_us, peers_added_us=added["peers"])
    return exit_code([within])


if __name__ == "__main__":
    sys.exit(main())
