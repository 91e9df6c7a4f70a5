from __future__ import annotations

import os
import select
import threading
import time
from pathlib import Path

import pytest

from holdfast.loop.starvation import RunDelay, Scheduled


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel keeps no sched statistics")
def test_the_delay_of_a_thread_never_falls() -> None:
    delay = RunDelay(threading.get_native_id())
    first = delay.read()
    while (now := delay.read()).on_cpu == first.on_cpu:  # the kernel counts at its own ticks
        sum(range(100_000))
    assert delay.known
    assert now.waited >= first.waited >= 0.0
    assert now.on_cpu > first.on_cpu > 0.0
    assert now.slices >= first.slices > 0
    delay.close()


def test_a_thread_that_is_not_there_waited_for_nothing() -> None:
    delay = RunDelay(1 << 30)
    assert delay.read() == Scheduled()
    delay.close()


def test_a_closed_one_reads_nothing() -> None:
    delay = RunDelay(threading.get_native_id())
    delay.close()
    delay.close()
    assert delay.read() == Scheduled()


@pytest.mark.skipif(not Path("/proc/self/syscall").exists(), reason="the kernel does not tell system calls")
def test_a_thread_at_a_lock_is_told_from_one_that_sleeps() -> None:
    ready, lock, natives = threading.Barrier(3), threading.Lock(), []

    def at_lock() -> None:
        natives.append((threading.get_native_id(), True))
        ready.wait()
        with lock:
            pass

    def asleep() -> None:
        natives.append((threading.get_native_id(), False))
        ready.wait()
        select.select([reads], [], [])

    reads, writes = os.pipe()
    threads = [threading.Thread(target=target) for target in (at_lock, asleep)]
    with lock:
        for thread in threads:
            thread.start()
        ready.wait()
        for native, expected in natives:
            delay = RunDelay(native)
            end = time.monotonic() + 20
            while delay.locked() not in (expected, None):
                assert time.monotonic() < end
                time.sleep(0.01)
            delay.close()
    os.write(writes, b"x")
    for thread in threads:
        thread.join()
    os.close(reads)
    os.close(writes)
