"""Our Gunicorn worker: Uvicorn on uvloop and httptools, watched.

Whatever the app is, held or not, the worker claims its slot on the state board, beats there, starts the stall
watch, and says how it boots. What uvicorn-worker leaves out, it adds: the graceful timeout is forwarded, a
worker dies with the master, and one that fails to boot after the service has served is tried again instead
of taking the whole service down.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from typing import NoReturn

from uvicorn_worker import UvicornWorker

from holdfast.serve import boot, channel
from holdfast.serve.environment import finishing_told, interim_told, stall_told
from holdfast.serve.lifeline import die_with_parent
from holdfast.serve.lifespan import Lifespan
from holdfast.serve.server import Server
from holdfast.telemetry import process

__all__ = ["Worker"]

_BOOT_FAILED = 3
"""Gunicorn's `Arbiter.WORKER_BOOT_ERROR`: the master then halts, and every worker with it."""

_RETRY = 1
"""Any other status: the master starts another worker."""

_RETRY_AFTER = 1.0
"""Seconds before a replacement that could not boot gives way to the next: no spinning on a broken start."""


class Worker(UvicornWorker):  # type: ignore[misc]  # untyped there
    """`gunicorn -k holdfast.serve.worker.Worker`; with a supervisor it also has a board and a channel."""

    CONFIG_KWARGS = {"loop": "uvloop", "http": "httptools"}  # noqa: RUF012 - the base class's declaration

    channel: channel.Channel | None = None
    reporter: boot.Reporter | None = None

    def init_process(self) -> None:
        """Enter the worker process."""
        die_with_parent(self.ppid, signal.SIGKILL)
        self.channel = channel.taken_from(os.environ)
        if self.channel is not None:
            self.channel.protect()
            self.reporter = boot.Reporter(self.channel.news)
            if self._replaces():
                self.release_output()
        process.slot()
        super().init_process()

    def load_wsgi(self) -> None:
        """Import the app."""
        self._say(boot.Stage(os.getpid(), "import"))
        try:
            super().load_wsgi()
        except BaseException as error:  # noqa: BLE001 - SystemExit too: apps call sys.exit() for a missing setting
            traceback.print_exc()
            self.fail("import", *boot.explain(error))

    async def _serve(self) -> None:
        self.config.app = self.wsgi
        self.config.timeout_graceful_shutdown = finishing_told(self.cfg.graceful_timeout)
        self.config.load()
        self.config.lifespan_class = Lifespan
        self._install_sigquit_handler()
        self._say(boot.Stage(os.getpid(), "lifespan"))
        server = Server(
            self.config, slot=process.slot(), stall=stall_told(), interim=interim_told(), worker=self
        )
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(_BOOT_FAILED)

    def fail(self, stage: str, error: str, place: str) -> NoReturn:
        """End a worker that cannot boot, having said why."""
        self._say(boot.Failed(os.getpid(), stage, error, place))
        process.slot().release()
        sys.stderr.flush()
        if self._replaces():
            time.sleep(_RETRY_AFTER)
            sys.exit(_RETRY)
        sys.exit(_BOOT_FAILED)

    def release_output(self) -> None:
        """Write to the real stdout and stderr from here on."""
        if self.channel is None or self.channel.out < 0:
            return
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(self.channel.out, sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.dup2(self.channel.err, sys.__stderr__.fileno() if sys.__stderr__ else 2)

    def _replaces(self) -> bool:
        """Whether this worker replaces one: `age` counts the workers that the master ever started."""
        return bool(self.age > self.cfg.workers)

    def _say(self, news: boot.Stage | boot.Failed) -> None:
        if self.reporter is not None:
            self.reporter.say(news)
