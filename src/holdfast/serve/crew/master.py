"""The master's shell: forks, signals, waits. One thread, and nothing of the app."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from holdfast.clock import monotonic
from holdfast.serve.crew.core import Crew
from holdfast.serve.crew.inbox import Inbox
from holdfast.serve.supervised import BOOT_FAILED

__all__ = ["Master"]

_TAKEN = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU}
_ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
_AT_MOST = 60.0

Work = Callable[[socket.socket, int], None]


class Master:
    """Keeps `workers` processes running `work(listener, age)`; `grace` in seconds from SIGTERM to SIGKILL.

    `age` counts the workers from 1.
    """

    def __init__(self, work: Work, listener: socket.socket, *, workers: int, grace: float) -> None:
        self._work = work
        self._listener = listener
        self._crew = Crew(workers)
        self._grace = grace
        self._inbox = Inbox(_TAKEN)

    def run(self) -> int:
        """Run until asked to end; returns the exit status, that of a first worker which could not boot."""
        while True:
            while self._crew.lacks(monotonic()):
                self._fork()
            for pid in self._crew.surplus():
                _send(pid, signal.SIGTERM)
            now = monotonic()
            due = self._crew.next_wakeup(now)
            for came in self._inbox.wait(_AT_MOST if due is None else due - now):
                if came in _ENDS:
                    return self._end()
                if came == signal.SIGTTIN:
                    self._crew.want += 1
                elif came == signal.SIGTTOU:
                    self._crew.want = max(1, self._crew.want - 1)
            if BOOT_FAILED in self._reap():
                self._end()
                return BOOT_FAILED

    def _fork(self) -> None:
        age = self._crew.age + 1
        self._inbox.hold()
        pid = os.fork()
        if pid == 0:
            self._child(age)
        self._inbox.resume()
        self._crew.started(pid, monotonic())

    def _child(self, age: int) -> NoReturn:
        """Be a worker, and never come back."""
        status = 1
        try:
            self._inbox.release()
            self._inbox.resume()
            self._work(self._listener, age)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:  # noqa: BLE001 - the last to hear of it
            sys.excepthook(*sys.exc_info())
        finally:
            _flush()
            _run_atexit()
            os._exit(status)

    def _reap(self) -> list[int]:
        """Reap whoever has ended; returns the exit statuses of workers, negative for a signal."""
        ended = []
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if self._crew.ended(found[0], monotonic()):
                    ended.append(os.waitstatus_to_exitcode(found[1]))
        return ended

    def _end(self) -> int:
        self._listener.close()
        for pid in self._crew.pids:
            _send(pid, signal.SIGTERM)
        until = monotonic() + self._grace
        while self._crew.pids and monotonic() < until:
            self._inbox.wait(until - monotonic())
            self._reap()
        for pid in self._crew.pids:
            _send(pid, signal.SIGKILL)
        while self._crew.pids:
            self._reap()
            time.sleep(0.01)
        return 0


def _send(pid: int, sig: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, sig)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _run_atexit() -> None:
    """What the app registered to run at exit runs; `os._exit` spares what is the master's."""
    import atexit

    with suppress(BaseException):
        atexit._run_exitfuncs()
