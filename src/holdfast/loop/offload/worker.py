"""One worker process, seen from the service."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import sys
from contextlib import suppress
from multiprocessing import spawn

from holdfast.loop.offload.wire import HEAD, Job, Load, Loaded, Prepare, Reply, pack, size

__all__ = ["Gone", "Worker"]

_TOLD = ("name", "sys_path", "sys_argv", "orig_dir", "dir")
"""What a worker is told of this process. Not its main module: that is loaded only for calls that need it,
since it may be a server's whole command line."""


class Gone(Exception):
    """The process ended before it answered; `how`: "killed by SIGKILL", "exit code 3"."""

    def __init__(self, how: str) -> None:
        self.how = how
        super().__init__(how)


class Worker:
    """A process and the socket to it; made by `start`. One call at a time."""

    __slots__ = ("_process", "_reader", "_writer", "loaded")

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self.loaded: set[Load] = set()

    @classmethod
    async def start(cls) -> Worker:
        """Start a process: a new interpreter, never a fork of this one, which has threads and a loop.

        Cancelled, it leaves none. Raises OSError when the system gives no process.
        """
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "holdfast.loop.offload.child",
                str(theirs.fileno()),
                str(os.getpid()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
        except BaseException:
            ours.close()  # the process reads the end of it, and ends
            raise
        worker = cls(process, reader, writer)
        told = spawn.get_preparation_data("holdfast worker")
        writer.write(pack(Prepare({key: told[key] for key in _TOLD if key in told})))
        return worker

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None and not self._reader.at_eof()

    async def load(self, what: Load) -> None:
        """Have it import `what`, once. Raises Gone."""
        if what not in self.loaded:
            loaded = await self._ask(what)
            assert isinstance(loaded, Loaded)  # noqa: S101 - our own process
            self.loaded.add(what)

    async def run(self, job: Job) -> Reply:
        """Run `job` and return its reply. Raises Gone."""
        reply = await self._ask(job)
        assert isinstance(reply, Reply)  # noqa: S101 - our own process
        return reply

    async def _ask(self, message: Job | Load) -> object:
        try:
            self._writer.write(pack(message))
            await self._writer.drain()
            head = await self._reader.readexactly(HEAD.size)
            answer: object = pickle.loads(await self._reader.readexactly(size(head)))  # noqa: S301
        except (asyncio.IncompleteReadError, ConnectionError):
            self.kill()
            how = _how(await self._process.wait())
            raise Gone(how) from None
        return answer

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._writer.close()
        if self._process.returncode is None:
            # Not the process's own `kill`: it polls first, and so takes the exit code from asyncio's watcher.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    def dismiss(self) -> None:
        """Let it end by itself when it has nothing to do."""
        self._writer.close()

    async def ended(self) -> int:
        """Wait until it has ended; return its exit code, negative for a signal."""
        return await self._process.wait()


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
