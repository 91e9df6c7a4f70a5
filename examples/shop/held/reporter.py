"""The sales report, computed in a process of its own: one at a time, and one for all who ask meanwhile."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager

from examples.shop.report_process import compute, prepare, started
from examples.shop.schemas import SalesReport

__all__ = ["Reporter", "running"]


class Reporter:
    """Computes reports off the event loop, and belongs to one loop.

    Who asks while a report is being computed gets that one. Who leaves, or runs out of time, leaves it to the
    others: no caller's cancellation reaches it.
    """

    def __init__(self) -> None:
        self._pool = _process()
        self._running: asyncio.Future[SalesReport] | None = None

    async def start(self) -> None:
        """Start the process: importing takes it a second of the core, and no caller need wait for that."""
        await asyncio.get_running_loop().run_in_executor(self._pool, started)

    async def report(self) -> SalesReport:
        """Return the report.

        Raises BrokenProcessPool when the process died over it; the next report gets a new process.
        """
        if self._running is None:
            self._running = asyncio.get_running_loop().run_in_executor(self._pool, compute)
            self._running.add_done_callback(self._finish)
        return await asyncio.shield(self._running)

    async def close(self) -> None:
        """End the process; a report that is being computed is finished first."""
        await asyncio.to_thread(self._pool.shutdown)

    def _finish(self, report: asyncio.Future[SalesReport]) -> None:
        self._running = None
        if not report.cancelled() and isinstance(report.exception(), BrokenProcessPool):
            self._pool.shutdown(wait=False)
            self._pool = _process()


@asynccontextmanager
async def running() -> AsyncIterator[Reporter]:
    """Yield a reporter; end its process with the service."""
    reporter = Reporter()
    try:
        await reporter.start()
        yield reporter
    finally:
        await reporter.close()


def _process() -> ProcessPoolExecutor:
    """Return a pool of one, spawned: a fork would copy the event loop, its threads and its connections."""
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=prepare)
