"""Processes that do not outlive whom they serve (Linux: prctl(2)).

Elsewhere than on Linux both calls do nothing: after a kill -9 of the supervisor the server goes on there.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["adopt_orphans", "die_with_parent"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent: int, sig: signal.Signals) -> None:
    """Have the kernel send `sig` to this process when its parent `parent` dies.

    Call it in the child, from its main thread. When the parent has died already, `sig` is sent at once: the
    kernel tells only of deaths after the call.
    """
    _prctl(_PR_SET_PDEATHSIG, sig)
    if os.getppid() != parent:
        os.kill(os.getpid(), sig)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that it can be reaped here."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
