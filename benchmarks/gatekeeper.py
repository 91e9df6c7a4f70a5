"""CPU per request of the gatekeeper, in process: FastAPI bare, with `Holdfast(app)`, and with its peers.

The peers are prometheus-fastapi-instrumentator, slowapi and asgi-correlation-id together. The contenders
alternate within one run, each on its own event loop. A handler really suspends once. What counts is the CPU
time of the whole process, the stall watch's thread included. `Holdfast(app)` does what its users get: request
id, admission, deadline, metrics, slow log, Server-Timing; nothing is sampled away. A refusal is what the same
app costs when its only place is taken. And what it adds around an app that does nothing.

Then over real sockets: the CPU (user and system) of a worker that refuses before there is a scope, as a share
of the CPU of the same build when it answers 200 from an empty handler.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import uvloop
from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.process import ROOT, cores, pinned, python, run
from benchmarks.report import check, exit_code, figures, machine, missing, table

_LIMIT = 0.20
"""Of bare FastAPI: at most added, and at most for a refusal."""
_OF_PEERS = 1 / 8
"""Of what the peers add, at most added."""
_EARLY = 1 / 3
"""Of a 200 from an empty handler, at most for an early refusal."""
_CONNECTIONS = 64

BUDGET = """
[service]
name = "benchmark"
[objective]
p99 = "300ms"
[admission]
limit = {limit}
queue = {queue}
[deadline]
default = "{deadline}"
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

    @app.get("/hold")
    async def hold() -> None:
        await asyncio.Event().wait()

    return app


class Nothing(FastAPI):
    """Answers at once, without routing: what is around it finds the processor's caches as it left them."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return an app that does nothing, but for the lifespan."""
        inner = super().build_middleware_stack()

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            await asyncio.sleep(0)
            headers = [(b"content-length", b"2"), (b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})

        return answer


def bare() -> FastAPI:
    """FastAPI alone."""
    return service()


def held() -> FastAPI:
    """FastAPI with everything that the gatekeeper does."""
    return _held(service(), limit=64, queue=32, deadline="2s")


def full() -> FastAPI:
    """The same with a single place."""
    return _held(service(), limit=1, queue=0, deadline="1000s")


def held_nothing() -> FastAPI:
    """Everything that the gatekeeper does, around an app that does nothing."""
    return _held(Nothing(), limit=64, queue=32, deadline="2s")


def _held(app: FastAPI, **numbers: object) -> FastAPI:
    from holdfast import Holdfast

    with tempfile.TemporaryDirectory() as folder:
        budget = Path(folder, "holdfast.toml")
        budget.write_text(BUDGET.format(**numbers), encoding="utf-8")
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
    """An app on its own loop. It answers `status`: 503 where another request has taken its only place."""

    def __init__(self, name: str, make: Callable[[], FastAPI], status: int = 200) -> None:
        self.name = name
        self.status = status
        self.app = make()
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.micros: list[float] = []

    def round(self, requests: int) -> None:
        """Serve `requests` one after the other, each in a task of its own as Uvicorn does."""
        self.micros.append(self.runner.run(self._serve(requests)))

    async def _serve(self, requests: int) -> float:
        async with lifespan(self.app):
            holding = asyncio.create_task(self._hold()) if self.status == 503 else None
            await asyncio.sleep(0)
            await self._requests(requests // 10)
            before = time.process_time()
            await self._requests(requests)
            spent = time.process_time() - before
            if holding is not None:
                holding.cancel()
                await asyncio.wait([holding])
            return spent / requests * 1e6

    async def _hold(self) -> None:
        never = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await never.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            raise SystemExit(f"the request that was to take the place was answered: {message}")

        scope = dict(SCOPE, path="/hold", raw_path=b"/hold", headers=SCOPE["headers"][:], state={})
        await self.app(scope, receive, send)

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
        if statuses != {self.status}:
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
        Contender("a refusal", full, 503),
        Contender("peers", peers),
        Contender("nothing", Nothing),
        Contender("Holdfast(nothing)", held_nothing),
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
    early = over_sockets(3 if quick else 7, 20_000 if quick else 60_000)
    machine()
    table(("contender", "CPU us/request", "added us", "of bare"), rows)
    table(
        ("over a socket", "CPU us/request"),
        [(name, f"{statistics.median(micros):.1f}") for name, micros in early.items()],
    )
    added_us, peers_us = added["Holdfast(app)"], added["peers"]
    pairs = zip(contenders[5].micros, contenders[4].micros, strict=True)
    alone_us = statistics.median(mine - base for mine, base in pairs)
    print(f"Around an app that does nothing, whose caches are warm, it adds {alone_us:.1f} us.")
    refusal_us = statistics.median(contenders[2].micros)
    ratio = statistics.median(r / s for r, s in zip(early["refused early"], early["200"], strict=True))
    checks = [
        check(f"added at most {_LIMIT:.0%} of bare", added_us, "<=", _LIMIT * bare_us),
        check("added at most 1/8 of what the peers add", added_us, "<=", _OF_PEERS * peers_us),
        check(f"a refusal at most {_LIMIT:.0%} of bare", refusal_us, "<=", _LIMIT * bare_us),
        check("an early refusal at most 1/3 of a 200", ratio, "<=", _EARLY),
    ]
    figures(
        bare_us=bare_us,
        added_us=added_us,
        peers_added_us=peers_us,
        alone_us=alone_us,
        refusal_us=refusal_us,
        early_refusal_ratio=ratio,
    )
    return exit_code(checks)


def over_sockets(rounds: int, requests: int) -> dict[str, list[float]]:
    """Return microseconds of CPU, user and system, that a worker spends on a request, by what it answers.

    Two workers of the same build have one core, one of them full; the load has the other core and goes to
    one after the other.
    """
    serving, loading = cores()
    spent: dict[str, list[float]] = {"200": [], "refused early": []}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(_worker(how, serving))
            for name, how in (("200", "open"), ("refused early", "full"))
        }
        for warming_up in (True, *[False] * rounds):
            for name, (port, pid) in workers.items():
                number = requests // 10 if warming_up else requests
                before = _cpu(pid)
                _drive(port, number, loading, "ok" if name == "200" else "refused")
                if not warming_up:
                    spent[name].append((_cpu(pid) - before) / number * 1e6)
    return spent


@contextmanager
def _worker(how: str, core: int) -> Iterator[tuple[int, int]]:
    with pinned(core):
        child = subprocess.Popen(
            python("benchmarks.door_server", how), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
    try:
        assert child.stdout is not None
        port, pid = map(int, child.stdout.readline().split())
        yield port, pid
    finally:
        child.kill()  # nothing is lost: a request of its own would keep it otherwise
        child.communicate()


def _drive(port: int, number: int, core: int, expected: str) -> None:
    from holdfast.gate.drive import Plan
    from holdfast.gate.shape import Phase, RequestSpec, catalogue, schedule

    requests = catalogue([RequestSpec("GET /")], authority=f"127.0.0.1:{port}", seed=1)
    # Far above what a worker serves: there is a backlog from the first millisecond to the end.
    due = schedule([Phase("saturate", 2_000_000.0, number / 2_000_000.0, "constant")], requests, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan("127.0.0.1", port, 600.0, _CONNECTIONS, requests.payloads, due.at, due.request)
        plan.write(Path(folder))
        ended = run(python("holdfast.gate.drive", folder, "--now"), core=core)
    line = json.loads(ended.output.splitlines()[-1])
    if line[expected] != number:
        raise SystemExit(f"of {number} requests {line[expected]} were {expected}: {line}")


def _cpu(pid: int) -> float:
    """Return user and system seconds of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
