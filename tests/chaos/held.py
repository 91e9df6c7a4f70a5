"""The service that is treated badly, and what it has in its hands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.serve.running import Service, get, until

BUDGET = """
    [objective]
    p99 = "500ms"

    [admission]
    limit = 64

    [deadline]
    default = "1s"

    [drain]
    announce = "0s"
    grace = "5s"

    [loop]
    kill = "1s"

    [connection]
    header_timeout = "1s"
    body_timeout = "1s"
    send_timeout = "1s"
"""

SOURCE = """
import asyncio, ctypes, gc, inspect, logging, os, random, threading, time
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from holdfast import Holdfast

# An exception's traceback for each of thousands of tasks that are cancelled is not what is measured.
logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
logging.getLogger("holdfast.error").setLevel(logging.CRITICAL)
app = FastAPI()
hold = Holdfast(app)
libc = ctypes.CDLL(None)
background: set[asyncio.Task[None]] = set()

@app.get("/")
async def root() -> dict[str, int]:
    return {"pid": os.getpid()}

@app.get("/slow")
async def slow(ms: float) -> dict[str, int]:
    await asyncio.sleep(ms / 1000)
    return {"pid": os.getpid()}

@app.get("/thread")
def thread(ms: float) -> dict[str, int]:
    time.sleep(ms / 1000)
    return {"pid": os.getpid()}

@app.post("/read")
async def read(request: Request) -> dict[str, int]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
    return {"size": size}

@app.post("/ignore")
async def ignore() -> dict[str, int]:
    return {"pid": os.getpid()}

@app.get("/stream")
async def stream(chunks: int = 20) -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(chunks):
            yield b"x" * 1000
            await asyncio.sleep(0.005)
    return StreamingResponse(body())

@app.get("/large")
async def large() -> StreamingResponse:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 65536
    return StreamingResponse(body())

@app.get("/error")
async def error() -> None:
    raise OSError("as ordered")

@app.get("/cancel")
async def cancel(ms: float) -> dict[str, int]:
    # The task of this request, cancelled by somebody who is not the guard.
    asyncio.get_running_loop().call_later(ms / 1000, asyncio.current_task().cancel)
    await asyncio.sleep(0.02)
    return {"pid": os.getpid()}

@app.get("/rampage")
async def rampage(seconds: float) -> None:
    # Tasks of requests are cancelled wherever they are: at the door, in the app, while they answer.
    async def run() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(0.002)
            working = [
                task for task in asyncio.all_tasks()
                if getattr(task.get_coro(), "__qualname__", "").endswith("run_asgi")
                and inspect.getcoroutinestate(task.get_coro()) == inspect.CORO_SUSPENDED
            ]
            if working:
                random.choice(working).cancel()
    background.add(task := asyncio.create_task(run()))
    task.add_done_callback(background.discard)

@app.get("/time")
async def now() -> dict[str, float]:
    return {"wall": time.time(), "monotonic": time.monotonic()}

@app.get("/census")
async def census() -> dict[str, int]:
    gc.collect()
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
    with open("/proc/self/statm") as file:
        rss = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    pool = sum(thread.name == "AnyIO worker thread" for thread in threading.enumerate())
    return {
        "permits": hold.in_flight - 1,
        "tasks": len(asyncio.all_tasks()),
        "threads": len(os.listdir("/proc/self/task")) - pool,
        "pool": pool,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "rss": rss,
    }
"""

POOL = 40
"""Threads that AnyIO's own limiter allows."""

_SAMPLE = re.compile(r"^(holdfast_\S+_(?:total|count|sum|bucket)(?:\{[^}]*\})?) (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Census:
    """What one worker holds; this very request's connection and task are in it.

    `pool`: the threads that run `def` endpoints. They stay for a while after they were needed, and are never
    more than `POOL`.
    """

    permits: int
    tasks: int
    threads: int
    pool: int
    descriptors: int
    rss: int


class Held:
    """One service, its workers' possessions, its counters."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.address = service.address
        self.admin = service.admin

    def pids(self) -> set[int]:
        return {worker["pid"] for worker in self.service.workers()}

    def census(self) -> Census:
        """Return what the worker (the only one) holds."""
        return Census(**get(self.address, "/census").json())

    def settled(self) -> Census:
        """Wait until nothing is in flight any more; return what is left."""

        def idle() -> Census | None:
            if any(worker["in_flight"] or worker["queued"] for worker in self.service.workers()):
                return None
            found = self.census()
            return found if found.permits == 0 else None

        found = until(idle, "nothing to be in flight")
        assert isinstance(found, Census)
        return found

    def returns_to(self, before: Census) -> Census:
        """Wait until tasks, threads and descriptors are no more than `before`; return what there is then.

        `before` is taken after a warm-up: some things are made when they are first needed, and stay.
        """

        def back() -> Census | None:
            now = self.settled()
            held = (now.tasks, now.descriptors, now.threads)
            limits = (before.tasks, before.descriptors, before.threads)
            return now if all(a <= b for a, b in zip(held, limits, strict=True)) else None

        try:
            found = until(back, "what was taken to be given back")
        except AssertionError:
            raise AssertionError(f"{before} before, and {self.census()} after") from None
        assert isinstance(found, Census)
        assert found.pool <= POOL
        return found

    def counters(self) -> dict[str, float]:
        """Return every counter of the service that /metrics has, histograms included.

        What belongs to one process (`worker="0"`) ends with it and is left out.
        """
        text = get(self.admin, "/metrics").body.decode()
        return {name: float(value) for name, value in _SAMPLE.findall(text) if "worker=" not in name}
