"""Worker processes: CPU work that does not hold the loop, can be stopped, and may die without harm to others.

Not `concurrent.futures.ProcessPoolExecutor`: one killed worker breaks it whole, and a running call cannot be
stopped. Not `anyio.to_process`: its queue has no bound, a process that is being started when its caller is
cancelled is left behind, and a busy child outlives its parent. See docs/adr/0023.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from holdfast.errors import UsageError, WorkerDied
from holdfast.loop.offload.slots import Slots
from holdfast.loop.offload.wire import Job, Load, RemoteTrace, Reply
from holdfast.loop.offload.worker import Gone, Worker
from holdfast.policy.deadline import ambient
from holdfast.policy.deadline.guard import until

__all__ = ["Processes"]

P = ParamSpec("P")
T = TypeVar("T")

LOADING = 60.0
"""Seconds that a process may take to import what it is to run: a bound for what hangs."""


class Processes:
    """At most `total` processes of one loop, started when first needed and kept.

    A slot is held until the process that ran the call is idle again, or has ended and is reaped.
    """

    __slots__ = ("_all", "_calls", "_idle", "_stopped", "slots")

    def __init__(self, total: int, queue: int | None = None) -> None:
        self.slots = Slots("processes", total, queue)
        self._all: set[Worker] = set()
        self._idle: list[Worker] = []
        self._stopped = False
        self._calls: set[asyncio.Task[Reply | None]] = set()

    @property
    def pids(self) -> frozenset[int]:
        """The processes that live, those being ended included."""
        return frozenset(worker.pid for worker in self._all)

    async def run(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `func(*args, **kwargs)` in a worker process and return its result, or raise its exception.

        Cancelled, or when the deadline in force passes, the process is killed and the next call gets another.
        Raises WorkerDied when the process ended by itself, OffloadFull when as many calls wait as may,
        UsageError for what cannot be pickled.
        """
        name = _named(func)
        async with until(None):
            call = _Call(Job(_pickled(name, func, args, kwargs), ambient.at()), _module(func))
            await self.slots.take()
            conduct = asyncio.ensure_future(self._conduct(call))
            self._calls.add(conduct)
            conduct.add_done_callback(self._over)
            try:
                reply = await asyncio.shield(conduct)
            except asyncio.CancelledError:
                call.abandon()
                raise
            except Gone as gone:
                raise WorkerDied(name, gone.how) from None
        if reply is None:
            raise WorkerDied(name, "the service ends")
        result: T = _result(reply)
        return result

    async def aclose(self, grace: float = 0.0) -> None:
        """Take no more calls, give those that run `grace` seconds, and end all processes."""
        self.slots.close()
        if grace > 0 and self._calls:
            await asyncio.wait(self._calls, timeout=grace)
        self._stopped = True
        for worker in self._all:
            worker.kill()
        while self._calls:
            await asyncio.wait(self._calls)
        for worker in tuple(self._all):
            await worker.ended()
        self._all.clear()
        self._idle.clear()

    def kill(self) -> None:
        """End all processes at once, from anywhere: for a loop that runs no more."""
        self.slots.close()
        self._stopped = True
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def _conduct(self, call: _Call) -> Reply | None:
        """Run `call`; nobody cancels this task, so that its slot and its process are always accounted for.

        A process that is on its way to its first call is not killed when the caller goes, and one that was
        killed or died is replaced at once: what takes long in both, to import the service, is then done for
        the next call. Otherwise a deadline that is shorter than the import would let no call ever through.
        """
        worker: Worker | None = None
        try:
            worker = self._take() or await self._start(call.module)
            async with asyncio.timeout(LOADING):
                await worker.load(call.module)
            reply = None
            if not call.abandoned and not self._stopped:
                call.worker = worker
                reply = await worker.run(call.job)
            self._keep(worker)
            worker = None
            return reply
        finally:
            call.worker = None
            try:
                if worker is not None:
                    await self._gone(worker)
                    if worker.loaded and not self.slots.closed:
                        await self._replace(worker)
            finally:
                self.slots.give()

    async def _start(self, *modules: Load) -> Worker:
        worker = await Worker.start()
        self._all.add(worker)
        try:
            if self._stopped:
                raise Gone("the service ends")
            async with asyncio.timeout(LOADING):
                for module in modules:
                    await worker.load(module)
        except BaseException:
            await self._gone(worker)
            raise
        return worker

    async def _replace(self, worker: Worker) -> None:
        """Put one in the place of `worker` that has loaded what that had; if there is none, the next call
        tries again and is told why."""
        with suppress(OSError, Gone, TimeoutError):
            self._keep(await self._start(*worker.loaded))

    def _keep(self, worker: Worker) -> None:
        self._idle.append(worker)
        if self.slots.closed:
            worker.dismiss()

    async def _gone(self, worker: Worker) -> None:
        worker.kill()
        await worker.ended()
        self._all.discard(worker)

    def _take(self) -> Worker | None:
        """Return the process that was used last, so that those not needed stay out of the caches."""
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._all.discard(worker)  # it ended while it had nothing to do
            worker.kill()
        return None

    def _over(self, conduct: asyncio.Task[Reply | None]) -> None:
        self._calls.discard(conduct)
        if not conduct.cancelled():
            conduct.exception()  # its caller has gone, or has had it


class _Call:
    """A job, the module it needs, the worker that runs it now, and whether its caller has gone."""

    __slots__ = ("abandoned", "job", "module", "worker")

    def __init__(self, job: Job, module: Load) -> None:
        self.job = job
        self.module = module
        self.worker: Worker | None = None
        self.abandoned = False

    def abandon(self) -> None:
        self.abandoned = True
        if self.worker is not None:
            self.worker.kill()


def _named(func: Callable[..., Any]) -> str:
    return f"{getattr(func, '__module__', '')}.{getattr(func, '__qualname__', repr(func))}".lstrip(".")


def _pickled(call: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
    try:
        return pickle.dumps((func, args, kwargs), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        hint = "a function at the top of a module and plain data can" if "<" in call else "plain data can"
        raise UsageError(f"{call} or its arguments cannot be sent to a process: {error}; {hint}") from error


def _module(func: Callable[..., Any]) -> Load:
    """Return what a worker has to load for `func`: its module, the main module by its path."""
    name = getattr(func, "__module__", None) or "builtins"
    return Load(name, getattr(sys.modules[name], "__file__", None) if name == "__main__" else None)


def _result(reply: Reply) -> Any:
    if not reply.failed:
        return pickle.loads(reply.value)  # noqa: S301 - from our own process
    error = pickle.loads(reply.value)  # noqa: S301
    raise error from RemoteTrace(reply.trace)
