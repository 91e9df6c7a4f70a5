"""The server's process group: started, signalled, reaped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

__all__ = ["Child"]

_CLEARED = 5.0
"""Seconds to wait for what SIGKILL has hit; longer only for a process stuck in the kernel."""


class Child:
    """A child in a session and group of its own, so that a terminal's Ctrl-C reaches the supervisor only.

    `returncode` is as in `subprocess`, None while it runs. Orphans of the group come to the supervisor, which
    has adopted them, and are reaped here too.
    """

    __slots__ = ("_process", "pid", "returncode")

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        output: int | None,
    ) -> None:
        """Start `command`; its stdout and stderr go to `output` where that is given."""
        self._process = subprocess.Popen(  # noqa: S603 - the command is ours
            list(command),
            env=dict(environ),
            pass_fds=tuple(pass_fds),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.returncode: int | None = None

    def reap(self) -> int | None:
        """Reap whatever has ended; returns the child's returncode, None while it runs.

        Before the child itself is reaped its group is killed: as long as it is a zombie, its number is still
        its own and cannot have gone to anybody else.
        """
        with suppress(ChildProcessError):
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                if ended.si_pid == self.pid:
                    self.kill_group()
                _, status = os.waitpid(ended.si_pid, 0)
                if ended.si_pid == self.pid:
                    self.returncode = self._process.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def terminate(self) -> None:
        """Ask the server to end."""
        self.signal(signal.SIGTERM)

    def signal(self, sig: signal.Signals) -> None:
        """Send `sig` to the server alone."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill_group(self) -> None:
        """Kill the server, its workers and what they started in their group."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def destroy(self) -> None:
        """Kill and reap everything that is left, now; blocks for as long as that takes, at most 5 s."""
        self.kill_group()
        until = time.monotonic() + _CLEARED
        while time.monotonic() < until:
            self.reap()
            if self.returncode is not None and not self._group_left():
                return
            time.sleep(0.005)

    def _group_left(self) -> bool:
        """Return whether somebody of the group is left, a zombie that is still to be reaped included."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True
