"""The service under test, started as in production by `holdfast serve`, and waited for until it is ready.

The command is a parameter, `serve_command` makes the usual one. Readiness is what the admin port says, not
that a port is open: a worker that accepts before it can answer is not ready.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from holdfast.errors import BootFailed, UsageError
from holdfast.gate.launch import port as ports
from holdfast.gate.launch.admin import Answer, get
from holdfast.gate.launch.output import OnLine
from holdfast.gate.launch.process import Child

__all__ = ["Service", "serve_command"]

_POLL = 0.05
_SAYS = "holdfast: error: "
"""How the service's supervisor begins the line that says why it ended."""


def serve_command(
    app: str,
    *,
    port: int,
    admin_port: int,
    budget: Path | None = None,
    environment: str | None = None,
    host: str = "127.0.0.1",
    python: str = sys.executable,
) -> tuple[str, ...]:
    """Return the command line that serves `app` ("package.module:app") by the interpreter `python`.

    Verbose: what it wrote before it failed to boot is ours to show.
    """
    command = [python, "-m", "holdfast", "serve", app, "--verbose"]
    if budget is not None:
        command += ["--budget", str(budget)]
    if environment is not None:
        command += ["--env", environment]
    return (*command, "--host", host, "--port", str(port), "--admin-port", str(admin_port))


class Service:
    """Runs `command`, which serves on `port` and answers probes on `admin_port`, and waits until it is ready.

    `environ` overrides variables of our own environment, None removes one. `boot`: seconds until it must be
    ready. `grace`: seconds that it has to end after SIGTERM. Entering raises UsageError when a port is in use
    or the service says that it was called wrongly (exit code 2), else BootFailed when it ends or does not
    become ready in time; both in the service's own words where it has any.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        port: int,
        admin_port: int,
        host: str = "127.0.0.1",
        environ: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        cpus: Collection[int] | None = None,
        boot: float = 30.0,
        grace: float = 15.0,
        on_line: OnLine | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.admin_port = admin_port
        environment = {**os.environ, **(environ or {})}
        self.child = Child(
            command,
            name="the service",
            env={name: value for name, value in environment.items() if value is not None},
            cwd=cwd,
            cpus=cpus,
            on_line=on_line,
        )
        self._boot = boot
        self._grace = grace
        self._end = AsyncExitStack()

    @property
    def pid(self) -> int:
        """The process that the command became; its tree is the service."""
        return self.child.pid

    async def get(self, path: str, *, timeout: float = 2.0) -> Answer:  # noqa: ASYNC109
        """GET from the admin port; raises OSError as `admin.get`."""
        return await get(self.admin_port, path, host=self.host, timeout=timeout)

    async def stop(self) -> int:
        """End the service as a deployment does: SIGTERM, its grace, then SIGKILL. The return code."""
        return await self.child.stop(self._grace)

    async def __aenter__(self) -> Self:
        for port, option in ((self.port, "--port"), (self.admin_port, "--admin-port")):
            if ports.in_use(self.host, port):
                raise UsageError(f"port {port} is in use", place=option)
        await self._end.enter_async_context(self.child)
        try:
            await self._ready()
        except BaseException:
            await self._end.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.stop()
        finally:
            await self._end.aclose()

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._boot
        said = "its admin port did not answer"
        while True:
            try:
                status, _ = await self.get("/readyz", timeout=max(_POLL, min(2.0, until - loop.time())))
                if status == 200:
                    return
                said = f"its /readyz said {status}"
            except TimeoutError:
                said = "its admin port accepted but did not answer"
            except OSError:
                pass
            if await self.child.wait(_POLL) is not None:
                raise self._ended()
            if loop.time() >= until:
                raise BootFailed(
                    f"the service was not ready within {self._boot:g} s: {said}",
                    output=self.child.output.text(),
                )

    def _ended(self) -> Exception:
        code = self.child.returncode
        own = [line for line in self.child.output.lines("stderr") if line.startswith(_SAYS)]
        cause = own[-1].removeprefix(_SAYS) if own else self.child.output.cause()
        if code == UsageError.exit_code and cause:
            return UsageError(cause)
        wrote = "\n".join(line for line in self.child.output.text().splitlines() if line not in own)
        if code == BootFailed.exit_code and cause:
            return BootFailed(cause, output=wrote)
        how = (
            f"was killed by signal {-code}"
            if code is not None and code < 0
            else f"ended with exit code {code}"
        )
        return BootFailed(
            f"the service {how} before it was ready" + (f": {cause}" if cause else ""), output=wrote
        )
