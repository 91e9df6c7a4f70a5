from __future__ import annotations

import threading
from pathlib import Path

import pytest

from holdfast.loop.starvation import RunDelay


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel keeps no sched statistics")
def test_the_delay_of_a_thread_never_falls() -> None:
    delay = RunDelay(threading.get_native_id())
    first = delay.read()
    total = sum(range(100_000))
    assert total
    assert delay.read() >= first >= 0.0
    delay.close()


def test_a_thread_that_is_not_there_waited_for_nothing() -> None:
    delay = RunDelay(1 << 30)
    assert delay.read() == 0.0
    delay.close()


def test_a_closed_one_reads_nothing() -> None:
    delay = RunDelay(threading.get_native_id())
    delay.close()
    delay.close()
    assert delay.read() == 0.0
