"""The driver as a child process: told to go, heard while it runs, its records collected."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from holdfast.errors import NotMeasured
from holdfast.gate.drive.plan import Plan
from holdfast.gate.drive.records import Records
from holdfast.gate.launch.output import Stream
from holdfast.gate.launch.process import Child

__all__ = ["Driver"]


class Driver:
    """A driver process that has loaded its plan and waits for `go`; an async context manager."""

    def __init__(self, plan: Plan, folder: Path, cpus: Collection[int]) -> None:
        plan.write(folder)
        self._folder = folder
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._end = AsyncExitStack()
        self._child = Child(
            [sys.executable, "-m", "holdfast.gate.drive", str(folder)],
            name="the load driver",
            cpus=cpus,
            stdin=True,
            on_line=self._hear,
        )

    async def __aenter__(self) -> Self:
        await self._end.enter_async_context(self._child)
        try:
            await self._next("ready")
        except BaseException:
            await self._end.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end.aclose()

    async def go(self) -> float:
        """Start sending; returns the start in seconds of the monotonic clock."""
        self._child.send("go\n")
        return float((await self._next("start_ns"))["start_ns"]) / 1e9

    async def finish(self, progress: Callable[[dict[str, Any]], None]) -> Records:
        """Pass progress lines on until the driver is done; returns what it recorded."""
        while True:
            line = await self._next()
            if line.get("finished"):
                break
            progress(line)
        await self._child.wait()
        return Records.read(self._folder)

    async def _next(self, word: str = "") -> dict[str, Any]:
        """Return the next line, the next that has `word`; NotMeasured when the driver ends instead."""
        ended = asyncio.ensure_future(self._child.wait())
        try:
            while True:
                heard = asyncio.ensure_future(self._said.get())
                await asyncio.wait({heard, ended}, return_when=asyncio.FIRST_COMPLETED)
                if heard.done():
                    line = heard.result()
                    if not word or word in line:
                        return line
                    continue
                heard.cancel()
                if self._said.empty():
                    cause = self._child.output.cause() or f"exit code {self._child.returncode}"
                    raise NotMeasured(f"the load driver ended early: {cause}")
        finally:
            ended.cancel()

    def _hear(self, stream: Stream, text: str) -> None:
        if stream != "stdout":
            return
        try:
            line = json.loads(text)
        except ValueError:
            return
        if isinstance(line, dict):
            self._said.put_nowait(line)
