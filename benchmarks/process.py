"""Child processes of benchmarks: pinned to a core, their CPU read, never left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Ended", "cores", "may_be_urgent", "pinned", "python", "run", "server"]

ROOT = Path(__file__).resolve().parents[1]
"""The checkout: children run there, so that `benchmarks` is importable."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a child wrote and `cpu_s`, the user and system seconds that it took, its own children included."""

    output: str
    cpu_s: float


def cores() -> tuple[int, int]:
    """Return a core for the server and one for the load; the same one where there is only one."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    return usable[0], usable[-1]


@contextmanager
def pinned(core: int | None, *, urgent: bool = False) -> Iterator[None]:
    """Let children that are started inside run on `core` only.

    `urgent`: before everything else there (round robin, real time), where this user may ask for that. It is
    for measuring *when* something happens: the neighbours' time slices would otherwise be measured too.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores_before = os.sched_getaffinity(0)
    policy_before, parameter_before = os.sched_getscheduler(0), os.sched_getparam(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    if urgent:
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores_before)
        os.sched_setscheduler(0, policy_before, parameter_before)


def may_be_urgent() -> bool:
    """Whether `urgent` has any effect for this user."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    with pinned(None, urgent=True):
        return os.sched_getscheduler(0) == os.SCHED_RR


def python(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module under this interpreter."""
    return [sys.executable, "-m", module, *(str(argument) for argument in arguments)]


def run(command: Sequence[str], *, core: int | None, urgent: bool = False) -> Ended:
    """Run a command to its end; CalledProcessError, its output shown, where it fails."""
    with pinned(core, urgent=urgent):
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    before = os.times()
    try:
        output, errors = child.communicate()
    except BaseException:
        child.kill()
        child.wait()
        raise
    after = os.times()
    if child.returncode:
        print(output + errors, file=sys.stderr)
        raise subprocess.CalledProcessError(child.returncode, list(command))
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return Ended(output, spent)


@contextmanager
def server(command: Sequence[str], *, core: int | None, urgent: bool = False) -> Iterator[int]:
    """Run a server that prints its port as the first line; yield the port, terminate it afterwards."""
    with pinned(core, urgent=urgent):
        child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise subprocess.CalledProcessError(child.wait(), list(command))
        yield int(line)
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        assert child.stdout is not None
        child.stdout.close()
