"""A child process that ends with its `async with` block, and with the gate however the gate ends.

The child runs below a tether (`tether.py`), in a session of its own. Nothing here depends on the loop's
own support for processes, whose start can be cancelled half-way and differs between loops: starting is one
plain call, and output and end arrive through `add_reader`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from holdfast.errors import BootFailed
from holdfast.gate.launch.output import OnLine, Output, Stream

__all__ = ["Child"]

_TETHER = str(Path(__file__).with_name("tether.py"))
_CHUNK = 1 << 16
_KILL_LIMIT = 10.0
"""Seconds for SIGKILL to take effect; a process in uninterruptible sleep is left to its tether then."""


class Child:
    """A command, run from `async with` to its end.

    `env` is the whole environment (None: ours), `cpus` the cores it may run on (None: any; Linux), `stdin`
    whether `send` is wanted. `on_line` is told every line as it arrives, on the loop's thread. Raises
    BootFailed on entry when the command cannot be run. On exit whatever still runs below it is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        cpus: Collection[int] | None = None,
        stdin: bool = False,
        keep: int = 200,
        on_line: OnLine | None = None,
    ) -> None:
        self.command = tuple(command)
        self.name = name or Path(self.command[0]).name
        self.pid = 0
        self.returncode: int | None = None
        """As in `subprocess`; set once all that the child started is gone and its output is complete."""
        self.output = Output(keep, on_line)
        self._env = env
        self._cwd = cwd
        self._cpus = ",".join(str(cpu) for cpu in sorted(cpus)) if cpus else ""
        self._stdin = stdin
        self._tether: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._reports = b""
        self._exit = -int(signal.SIGKILL)

    async def __aenter__(self) -> Self:
        self._spawn()
        try:
            problem = await asyncio.shield(self._started)
        except BaseException:
            await self._end()
            raise
        if problem:
            await self._end()
            raise BootFailed(f"{self.name} cannot be started: {self.command[0]}: {problem}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def wait(self, limit: float | None = None) -> int | None:
        """Wait for the end, at most `limit` seconds; the return code, None while it runs."""
        await asyncio.wait({self._finished}, timeout=limit)
        return self.returncode

    def signal(self, number: int) -> None:
        """Send a signal to the child itself; nothing happens when it has ended."""
        self._order(number)

    def send(self, text: str) -> None:
        """Write to the child's stdin, at most a pipe's worth (4 KiB); lost when it has ended."""
        pipe = self._tether.stdin if self._tether is not None else None
        if pipe is None:
            raise RuntimeError("the child was started without stdin")
        try:
            os.write(pipe.fileno(), text.encode())
        except (BrokenPipeError, ValueError):
            return

    async def stop(self, grace: float) -> int:
        """Ask the child to end with SIGTERM; after `grace` seconds kill all that is left. The return code.

        Cancelled while waiting, it kills at once and is cancelled only when everything is gone.
        """
        self.signal(signal.SIGTERM)
        try:
            await self.wait(grace)
        finally:
            await self._end()
        return self.returncode if self.returncode is not None else self._exit

    async def _end(self) -> None:
        """Kill what is left and wait until it is gone, not giving up when cancelled meanwhile."""
        self._order(0)
        loop = asyncio.get_running_loop()
        until = loop.time() + _KILL_LIMIT
        cancelled: asyncio.CancelledError | None = None
        while not self._finished.done() and loop.time() < until:
            try:
                await asyncio.wait({self._finished}, timeout=until - loop.time())
            except asyncio.CancelledError as error:
                cancelled = error
        self._finish()
        if cancelled is not None:
            raise cancelled

    def _spawn(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._started: asyncio.Future[str] = loop.create_future()
        self._finished: asyncio.Future[None] = loop.create_future()
        ours, theirs = socket.socketpair()
        try:
            self._tether = subprocess.Popen(  # noqa: S603 - the caller's command
                # -I -S: the tether needs nothing of the child's environment, and starts in half the time
                [sys.executable, "-I", "-S", _TETHER, str(theirs.fileno()), self._cpus, *self.command],
                stdin=subprocess.PIPE if self._stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._env,
                cwd=self._cwd,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # a Ctrl-C on the terminal is the gate's to handle
                bufsize=0,
            )
        except OSError as error:
            ours.close()
            raise BootFailed(f"{self.name} cannot be started: {error.filename}: {error.strerror}") from None
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._control = ours
        ours.setblocking(False)
        loop.add_reader(ours.fileno(), self._hear)
        for stream, pipe in self._pipes():
            os.set_blocking(pipe.fileno(), False)
            loop.add_reader(pipe.fileno(), self._read, stream, pipe)

    def _pipes(self) -> list[tuple[Stream, IO[bytes]]]:
        if self._tether is None or self._tether.stdout is None or self._tether.stderr is None:
            return []
        return [("stdout", self._tether.stdout), ("stderr", self._tether.stderr)]

    def _order(self, order: int) -> None:
        if self._control is not None:
            try:
                self._control.send(bytes([order]))
            except OSError:  # it has ended
                return

    def _read(self, stream: Stream, pipe: IO[bytes]) -> bool:
        """Take what a pipe holds; whether there may be more."""
        try:
            data = os.read(pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(pipe.fileno())
            return False
        self.output.feed(stream, data)
        return True

    def _hear(self) -> None:
        """Take what the tether reports; its end is the end of everything below it."""
        if self._control is None:
            return
        try:
            data = self._control.recv(_CHUNK)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._finish()
            return
        *lines, self._reports = (self._reports + data).split(b"\n")
        for line in lines:
            word, _, value = line.decode("utf-8", "replace").partition(" ")
            if word == "pid":
                self.pid = int(value)
                self._begin("")
            elif word == "no":
                self._begin(value)
            elif word == "exit":
                self._exit = int(value)

    def _begin(self, problem: str) -> None:
        if not self._started.done():
            self._started.set_result(problem)

    def _finish(self) -> None:
        """Close everything; plain, so that nothing can come between. Done once."""
        if self._control is None or self._tether is None:
            return
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        self._control = None
        for stream, pipe in self._pipes():
            while self._read(stream, pipe):
                pass
            self._loop.remove_reader(pipe.fileno())
            pipe.close()
            self.output.end(stream)
        if self._tether.stdin is not None:
            self._tether.stdin.close()
        try:
            self._tether.wait(1.0)  # it has closed its end, so it is exiting
        except subprocess.TimeoutExpired:
            self._tether.kill()
            self._tether.wait()
        self._begin("it ended at once")
        self.returncode = self._exit
        if not self._finished.done():
            self._finished.set_result(None)
