from __future__ import annotations

import sys
import threading

import pytest

from holdfast.clock import monotonic
from holdfast.loop.alarm import Alarm, LockAlarm, TimerAlarm, alarm

KINDS = [LockAlarm, *([TimerAlarm] if sys.platform == "linux" else [])]


@pytest.fixture(params=KINDS)
def made(request: pytest.FixtureRequest) -> Alarm:
    kind: type[Alarm] = request.param
    return kind()


def waiting(made: Alarm) -> tuple[threading.Thread, list[float]]:
    ended: list[float] = []

    def wait() -> None:
        made.wait()
        ended.append(monotonic())

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread, ended


def test_it_goes_off_and_not_before(made: Alarm) -> None:
    at = monotonic() + 0.05
    made.set(at)
    thread, ended = waiting(made)
    thread.join(10)
    assert ended[0] >= at - 1e-6
    made.close()


def test_it_can_be_put_off(made: Alarm) -> None:
    at = monotonic() + 0.05
    made.set(at)
    thread, ended = waiting(made)
    later = at + 0.15
    made.set(later)
    thread.join(10)
    assert ended[0] >= later - 1e-6
    made.close()


def test_what_is_past_goes_off_at_once_and_wakes_who_waits(made: Alarm) -> None:
    made.set(monotonic() + 3600)
    thread, ended = waiting(made)
    made.set(0.0)
    thread.join(10)
    assert ended
    made.close()


def test_it_goes_off_once(made: Alarm) -> None:
    made.set(0.0)
    made.wait()
    made.set(monotonic() + 3600)
    thread, ended = waiting(made)
    thread.join(0.1)
    assert not ended
    made.set(0.0)
    thread.join(10)
    assert ended
    made.close()


def test_the_best_one_is_taken() -> None:
    best = alarm()
    assert isinstance(best, TimerAlarm if sys.platform == "linux" else LockAlarm)
    best.close()
