"""A run from end to end: loop, signals, snapshots, collector."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from holdfast.errors import UsageError
from holdfast.gate.drive.engine import Engine
from holdfast.gate.drive.journeys import JourneyEngine
from holdfast.gate.drive.plan import Plan
from holdfast.gate.drive.progress import INTERVAL, Progress, Snapshot
from holdfast.gate.drive.records import Records

__all__ = ["drive", "run"]

T = TypeVar("T")

# Descriptors besides the connections: standard streams, the loop's own, the timer, libraries.
_DESCRIPTORS = 64


def drive(plan: Plan) -> Records:
    """Drive `plan` on a loop of its own in this process and return the records."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(plan))


async def run(
    plan: Plan,
    *,
    started: Callable[[int], None] | None = None,
    watch: Callable[[Snapshot], None] | None = None,
    signals: bool = False,
) -> Records:
    """Drive `plan` on the running loop.

    `started` is told CLOCK_MONOTONIC nanoseconds of the start; `watch` gets a snapshot every `INTERVAL`
    seconds, and an OSError from either of them stops the run: nobody is there any more. With `signals`,
    SIGINT and SIGTERM stop it; the records are then `interrupted`.
    """
    _allow_descriptors(plan.connections_max)
    engine = JourneyEngine(plan) if any(each.then >= 0 for each in plan.requests) else Engine(plan)
    progress = Progress(engine)
    loop = asyncio.get_running_loop()
    handle: asyncio.Handle | None = None

    def spin() -> None:
        loop.call_soon(spin)

    def look() -> None:
        nonlocal handle
        handle = loop.call_later(INTERVAL, look)
        _tell(watch, progress.snapshot(), engine)

    def begin(start_ns: int) -> None:
        nonlocal handle
        _tell(started, start_ns, engine)
        if watch is not None:
            handle = loop.call_later(INTERVAL, look)

    if plan.spins:
        spin()
    try:
        if signals:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, engine.stop)
        with _quiet_collector():
            return await engine.run(started=begin)
    finally:
        if handle is not None:
            handle.cancel()


def _tell(listener: Callable[[T], None] | None, value: T, engine: Engine) -> None:
    if listener is None:
        return
    try:
        listener(value)
    except OSError:
        engine.stop()


def _allow_descriptors(connections: int) -> None:
    """Raise the soft limit of open files as far as needed; UsageError where the hard limit is lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _DESCRIPTORS
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        message = f"{connections} connections need {needed} open files, and the limit is {hard}: ulimit -n"
        raise UsageError(message, place="connections_max")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


@contextmanager
def _quiet_collector() -> Iterator[None]:
    """Keep the collector from walking what was there before the run, and from running often.

    A pass over the whole heap takes milliseconds, in which nothing is sent.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
