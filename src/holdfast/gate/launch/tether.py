"""What stands between the gate and a process that it started, so that the process never outlives the gate.

Run as a script by a bare interpreter (standard library only, no site): `tether.py FD CPUS COMMAND...`. The
kernel's own PR_SET_PDEATHSIG reaches the child but not the child's children, and a server consists of
those. So this process is made the reaper of its descendants (PR_SET_CHILD_SUBREAPER, prctl(2)): whatever
loses its parent, daemons and sessions of their own included, becomes its child. When the gate closes the
socket FD, and it is closed however the gate dies, or when the command ends, everything below is killed.

Up the socket go lines: "pid N" when the command runs, or "no WHY" when it could not be started; in the end
"exit N", negative N being a signal as in `subprocess`. Down go bytes: a signal's number for the command, or
0 to kill everything.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NO_COMMAND = 127  # as shells do


def main(arguments: list[str]) -> None:
    """Start the command and stay until it, or the gate, is gone."""
    control, cpus, command = int(arguments[0]), arguments[1], arguments[2:]
    os.set_inheritable(control, False)
    prctl = _prctl()
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    child, problem = _start(command, cpus, prctl)
    if problem:
        os.waitpid(child, 0)
        _tell(control, f"no {problem}")
        return
    _tell(control, f"pid {child}")
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            if _has_ended(child):
                break
        if control in ready and not _obey(control, child):
            break
    _tell(control, f"exit {_kill_everything(child)}")


def _start(command: list[str], cpus: str, prctl: Callable[[int, int], None]) -> tuple[int, str]:
    """Return the pid of the command and why it could not be run, "" when it runs."""
    report, problem = os.pipe()  # closed by a successful exec
    parent = os.getpid()
    child = os.fork()
    if child:
        os.close(problem)
        with os.fdopen(report) as reader:
            return child, reader.read()
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (*_IGNORED, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:  # else the tether died before the line above
            if cpus:
                os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
            os.execvp(command[0], command)  # noqa: S606 - that is what this is for
    except OSError as error:
        os.write(problem, (error.strerror or str(error)).encode())
    finally:
        os._exit(_NO_COMMAND)


def _obey(control: int, child: int) -> bool:
    """Do what the gate says; whether to go on."""
    orders = os.read(control, 64)
    for order in orders:
        if order == 0:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, order)
    return bool(orders)


def _has_ended(child: int) -> bool:
    """Reap orphans that have ended, but leave the command: unreaped, its number and group stay its own."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return True
        if ended is None:
            return False
        if ended.si_pid == child:
            return True
        os.waitpid(ended.si_pid, 0)


def _kill_everything(child: int) -> int:
    """Kill the command's group and all descendants, reap them, and return the command's exit status."""
    status = -signal.SIGKILL
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    while True:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            # One death may hand us orphans: look again after each.
            pid, code = os.waitpid(-1, 0)
        except ChildProcessError:
            return status
        if pid == child:
            status = os.waitstatus_to_exitcode(code)


def _children() -> list[int]:
    """Return the pids of our children, where /proc tells."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():  # noqa: PTH112, PTH208 - start-up time
        if name.isdecimal():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                if int(stat.read().rpartition(b")")[2].split()[1]) == os.getpid():
                    found.append(int(name))
    return found


def _prctl() -> Callable[[int, int], None]:
    if not sys.platform.startswith("linux"):
        return lambda option, value: None
    import ctypes

    call = ctypes.CDLL(None, use_errno=True).prctl
    return lambda option, value: call(option, value, 0, 0, 0)


def _tell(control: int, line: str) -> None:
    with contextlib.suppress(OSError):  # the gate is gone
        os.write(control, (line + "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1:])
