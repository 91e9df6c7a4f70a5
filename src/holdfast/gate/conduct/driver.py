"""The driver as a child process: told to go, read while it runs, its records collected."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from holdfast.errors import NotMeasured
from holdfast.gate.drive.plan import Plan
from holdfast.gate.drive.records import Records
from holdfast.gate.launch.process import Process

__all__ = ["Driver"]


class Driver:
    """A driver process that has its plan and waits for `go`; use as an async context manager."""

    def __init__(self, plan: Plan, folder: Path, cores: frozenset[int]) -> None:
        plan.write(folder)
        self._folder = folder
        self._process = Process(
            [sys.executable, "-m", "holdfast.gate.drive", str(folder)],
            name="driver",
            cores=cores,
            pipes=True,
        )

    async def __aenter__(self) -> Driver:
        await self._process.start()
        await self._line()  # {"ready": true}: imports done, schedule loaded
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._process.stop()

    async def go(self) -> float:
        """Start sending; returns the start in seconds of the monotonic clock."""
        await self._process.write(b"go\n")
        return float((await self._line())["start_ns"]) / 1e9

    async def finish(self, progress: Callable[[dict[str, Any]], None]) -> Records:
        """Pass progress lines on until the driver is done; returns what it recorded."""
        while True:
            line = await self._line()
            if line.get("finished"):
                break
            progress(line)
        await self._process.wait()
        return Records.read(self._folder)

    async def _line(self) -> dict[str, Any]:
        while True:
            raw = await self._process.readline()
            if not raw:
                raise NotMeasured(f"the load driver ended early: {self._process.tail() or 'no word from it'}")
            with suppress(ValueError):
                found = json.loads(raw)
                if isinstance(found, dict):
                    return found
