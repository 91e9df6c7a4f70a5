"""A dependency's stand-in: what the budget names for where the real dependency is not at hand.

The budget gives a command and a URL, in which {port} is a free port and {dir} a directory of the run's own.
"""

from __future__ import annotations

import asyncio
import shlex
import socket
import sys
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from holdfast.errors import BootFailed, UsageError
from holdfast.gate.fault.wiring import Endpoint, Unproxied, endpoint
from holdfast.gate.launch import port as ports
from holdfast.gate.launch.output import OnLine
from holdfast.gate.launch.process import Child

__all__ = ["StandIn", "command_line"]

_PYTHON = {"python", "python3"}
_POLL = 0.02
_GRACE = 2.0
"""Seconds after SIGTERM: a database wants to leave its shared memory tidy."""


def command_line(run: str, port: int, directory: Path) -> tuple[str, ...]:
    """Return the words of `run`, placeholders filled; "python" is the interpreter that runs the gate."""
    try:
        words = shlex.split(run)
    except ValueError as error:
        raise UsageError(f"{run!r} is no command: {error}", place="stand_in.run") from None
    if not words:
        raise UsageError("an empty command", place="stand_in.run")
    if words[0] in _PYTHON:
        words[0] = sys.executable
    return tuple(_fill(word, port, directory) for word in words)


class StandIn:
    """Runs the stand-in of the dependency `name` and waits until it accepts connections.

    `run` None: nothing is started, `url` alone stands in (an SQLite file). `environ` is the whole environment
    of the command (None: ours), `boot` the seconds that it has. Raises UsageError when its port is in use,
    BootFailed when it ends or does not accept in time.
    """

    def __init__(
        self,
        name: str,
        run: str | None,
        url: str,
        directory: Path,
        *,
        boot: float = 15.0,
        cwd: Path | None = None,
        cpus: Collection[int] | None = None,
        environ: Mapping[str, str] | None = None,
        on_line: OnLine | None = None,
    ) -> None:
        self.name = name
        self.child: Child | None = None
        port = ports.free() if "{port}" in url or "{port}" in (run or "") else 0
        self.url = _fill(url, port, directory)
        """Where it stands in, the value for the dependency's variable."""
        self._boot = boot
        self._end = AsyncExitStack()
        if run is not None:
            self.child = Child(
                command_line(run, port, directory),
                name=f"the stand-in of {name}",
                env=environ,
                cwd=cwd,
                cpus=cpus,
                on_line=on_line,
            )

    async def __aenter__(self) -> Self:
        if self.child is None:
            return self
        place = f"dependency.{self.name}.stand_in.url"
        where = endpoint(self.url, variable=place)
        if isinstance(where, Unproxied):
            raise UsageError(f"when it is ready cannot be told ({where.why})", place=place)
        if where is not None and ports.in_use(_numeric(where.host), where.port):
            raise UsageError(f"port {where.port} is in use", place=place)
        await self._end.enter_async_context(self.child)
        try:
            if where is not None:
                await self._accepting(self.child, where)
        except BaseException:
            await self._end.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.child is not None:
                await self.child.stop(_GRACE)
        finally:
            await self._end.aclose()

    async def _accepting(self, child: Child, where: Endpoint) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._boot
        while not await _accepts(where, until - loop.time()):
            if await child.wait(_POLL) is not None:
                cause = child.output.cause()
                raise BootFailed(
                    f"{child.name} ended with exit code {child.returncode} before it accepted connections on "
                    f"port {where.port}" + (f": {cause}" if cause else ""),
                    output=child.output.text(),
                )
            if loop.time() >= until:
                raise BootFailed(
                    f"{child.name} runs, but accepted no connection on port {where.port} "
                    f"within {self._boot:g} s",
                    output=child.output.text(),
                )


async def _accepts(where: Endpoint, limit: float) -> bool:
    try:
        async with asyncio.timeout(max(limit, _POLL)):
            _, writer = await asyncio.open_connection(where.host, where.port)
    except OSError:
        return False
    writer.transport.abort()
    return True


def _fill(text: str, port: int, directory: Path) -> str:
    return text.replace("{port}", str(port)).replace("{dir}", str(directory))


def _numeric(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        return host
