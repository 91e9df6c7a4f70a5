"""What runs in the process that computes reports. It imports the statistics and no application."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading

from sqlalchemy.pool import NullPool

from examples.shop.database import create_engine
from examples.shop.sales import latest_lines, statistics
from examples.shop.schemas import SalesReport

__all__ = ["compute", "prepare", "started"]

NICENESS = 10
"""On a core that report and requests share, a tenth for the report by Linux' weights; all of it when idle."""


def prepare() -> None:
    """Make the process a good child: it yields the core, leaves Ctrl-C to its parent, and dies with it."""
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def started() -> int:
    """Return the process's id, once everything is imported."""
    return os.getpid()


def compute() -> SalesReport:
    """Read the latest orders over a connection of its own, and compute the report."""
    return asyncio.run(_compute())


async def _compute() -> SalesReport:
    engine = create_engine(poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            rows = (await connection.execute(latest_lines())).all()
        return statistics(rows)
    finally:
        await engine.dispose()


def _end_with_parent() -> None:
    """Wait for the parent's end: a worker that is killed cannot take its children along."""
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(0)
