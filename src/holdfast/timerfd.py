"""Linux' timerfd on every Python: `os` has it from 3.13 on only.

A timer that is a file descriptor goes off to the microsecond, can be in a loop's poll set, and can be waited
for by a thread that then needs neither the GIL nor a wake-up to hear that the time was put off.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

__all__ = ["open_timerfd"]

_TFD_TIMER_ABSTIME = 1


def open_timerfd(*, blocking: bool = False) -> tuple[int, Callable[[int], None]]:
    """Return a timerfd of CLOCK_MONOTONIC, and what sets it to an absolute nanosecond, 0 disarming it.

    `blocking`: whether reading it waits. Raises OSError where there is none.
    """
    if sys.version_info >= (3, 13):
        mode = os.TFD_CLOEXEC | (0 if blocking else os.TFD_NONBLOCK)
        fd = os.timerfd_create(time.CLOCK_MONOTONIC, flags=mode)

        def set_ns(at_ns: int) -> None:
            os.timerfd_settime_ns(fd, flags=os.TFD_TIMER_ABSTIME, initial=at_ns)

        return fd, set_ns
    return _open_through_libc(blocking)


def _open_through_libc(blocking: bool) -> tuple[int, Callable[[int], None]]:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_CLOEXEC | (0 if blocking else os.O_NONBLOCK))
    if fd < 0:
        raise OSError(ctypes.get_errno(), "timerfd_create")
    # struct itimerspec: interval seconds and nanoseconds (0: once), then the time's.
    itimerspec = (ctypes.c_long * 4)()
    settime, flags, where = libc.timerfd_settime, ctypes.c_int(_TFD_TIMER_ABSTIME), ctypes.byref(itimerspec)
    number = ctypes.c_int(fd)

    def set_ns(at_ns: int) -> None:
        itimerspec[2], itimerspec[3] = divmod(at_ns, 1_000_000_000)
        settime(number, flags, where, None)

    return fd, set_ns
