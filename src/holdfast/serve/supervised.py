"""A worker process as its supervisor knows it: its slot, what it says while it boots, and its output."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from typing import Any, NoReturn

from holdfast.serve import boot, channel
from holdfast.serve.importing import import_app
from holdfast.serve.lifeline import die_with_parent
from holdfast.telemetry import process
from holdfast.telemetry.board import Slot

__all__ = ["BOOT_FAILED", "Supervised"]

BOOT_FAILED = 3
"""Exit status of a first worker that cannot boot (Gunicorn's `WORKER_BOOT_ERROR`): its master then halts."""

_RETRY = 1
"""Any other status: the master starts another worker."""

_RETRY_AFTER = 1.0
"""Seconds before a replacement that could not boot gives way to the next: no spinning on a broken start."""


class Supervised:
    """Made on entering the worker process; it dies with `parent`, the master that forked it.

    `replaces`: whether this worker is not one of the first. `channel` is None where no supervisor runs.
    """

    def __init__(self, *, parent: int, replaces: bool) -> None:
        die_with_parent(parent, signal.SIGKILL)
        self.replaces = replaces
        self.channel = channel.taken_from(os.environ)
        self._reporter: boot.Reporter | None = None
        if self.channel is not None:
            self.channel.protect()
            self._reporter = boot.Reporter(self.channel.news)
            if replaces:
                self.release_output()
        self.slot: Slot = process.slot()

    def load(self, app: str) -> Any:
        """Return the app; ends the process where it cannot be had."""
        self.stage("import")
        try:
            return import_app(app)
        except BaseException as error:  # noqa: BLE001 - SystemExit too: apps call sys.exit() for a missing setting
            traceback.print_exc()
            self.fail("import", *boot.explain(error))

    def stage(self, name: str) -> None:
        """Say how far booting is: "import", "lifespan"."""
        self._say(boot.Stage(os.getpid(), name))

    def due(self) -> bool:
        """Say that this worker has served its number of requests; False where nobody hears it."""
        self._say(boot.Due(os.getpid()))
        return self._reporter is not None

    def fail(self, stage: str, error: str, place: str) -> NoReturn:
        """End a worker that cannot boot, having said why."""
        self._say(boot.Failed(os.getpid(), stage, error, place))
        self.slot.release()
        sys.stderr.flush()
        if self.replaces:
            time.sleep(_RETRY_AFTER)
            sys.exit(_RETRY)
        sys.exit(BOOT_FAILED)

    def release_output(self) -> None:
        """Write to the real stdout and stderr from here on."""
        if self.channel is None or self.channel.out < 0:
            return
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(self.channel.out, sys.__stdout__.fileno() if sys.__stdout__ else 1)
        os.dup2(self.channel.err, sys.__stderr__.fileno() if sys.__stderr__ else 2)

    def _say(self, news: boot.Stage | boot.Failed | boot.Due) -> None:
        if self._reporter is not None:
            self._reporter.say(news)
