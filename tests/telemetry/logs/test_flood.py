from __future__ import annotations

import logging
import os
import signal
import threading

import pytest

from holdfast.telemetry.logs.flood import Flood
from holdfast.telemetry.logs.handler import message_key


def test_a_seconds_worth_at_once_then_the_rate() -> None:
    flood = Flood(rate=10)
    assert [flood.admit("a", 0.0) for _ in range(13)] == [0] * 10 + [None] * 3
    assert flood.admit("a", 0.05) is None
    assert flood.admit("a", 0.11) == 4, "the next line says how many were left out"
    assert flood.admit("a", 0.11) is None
    assert flood.dropped == 5


def test_below_the_rate_nothing_is_left_out() -> None:
    flood = Flood(rate=10)
    assert all(flood.admit("a", number / 10) == 0 for number in range(500))


def test_slower_than_one_a_second() -> None:
    flood = Flood(rate=0.1)
    assert flood.admit("a", 0.0) == 0
    assert flood.admit("a", 5.0) is None
    assert flood.admit("a", 10.0) == 1


def test_messages_have_their_own() -> None:
    flood = Flood(rate=1)
    assert flood.admit("a", 0.0) == 0
    assert flood.admit("a", 0.0) is None
    assert flood.admit("b", 0.0) == 0


def test_what_no_line_will_tell_is_told_once_it_is_quiet() -> None:
    flood = Flood(rate=1)
    flood.admit("a", 0.0)
    flood.admit("a", 0.5)
    assert flood.quiet(1.0) == []
    assert flood.quiet(1.5) == [("a", 1)]
    assert flood.quiet(9.0) == []
    assert flood.admit("a", 9.0) == 0


def test_it_does_not_grow() -> None:
    flood = Flood(rate=1, keys=4)
    for number in range(100):
        flood.admit(number, 0.0)
        flood.admit(number, 0.0)
    assert len(flood._messages) <= 4


def record(message: object, name: str = "shop", line: int = 1) -> logging.LogRecord:
    return logging.LogRecord(name, logging.INFO, "shop.py", line, message, (), None)


def test_ids_do_not_make_another_message() -> None:
    first = message_key(record("order 6ba7b810-9dad-11d1 of 41 failed"))
    assert first == message_key(record("order 00c04fd4-30c8-4d0f of 7 failed"))
    assert first != message_key(record("order 00c04fd4-30c8-4d0f of 7 is paid"))
    assert first != message_key(record("order 6ba7b810-9dad-11d1 of 41 failed", name="other"))
    assert message_key(record(ValueError("x"))) == message_key(record(ValueError("y")))
    assert message_key(record({"event": "paid", "order": 1})) == message_key(record({"event": "paid"}))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_child_does_not_wait_for_a_thread_of_its_parent() -> None:
    flood = Flood(rate=1)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with flood._lock:
            inside.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    pid = os.fork()
    if not pid:  # pragma: no cover - in the child
        signal.alarm(60)
        os._exit(0 if flood.admit("a", 0.0) == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    leave.set()
    thread.join()
