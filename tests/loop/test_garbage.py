from __future__ import annotations

import gc

from holdfast.clock import VirtualClock
from holdfast.loop.garbage import Garbage


def test_pauses_are_added_up() -> None:
    clock = VirtualClock(5.0)
    garbage = Garbage(clock)
    for pause in (0.25, 0.5):
        garbage.note("start", {})
        clock.advance(pause)
        garbage.note("stop", {})
        clock.advance(1.0)
    assert garbage.seconds == 0.75


def test_a_pause_that_is_going_on_counts_as_far_as_it_has_come() -> None:
    clock = VirtualClock(5.0)
    garbage = Garbage(clock)
    garbage.note("start", {})
    clock.advance(0.5)
    assert garbage.seconds == 0.5
    clock.advance(0.25)
    garbage.note("stop", {})
    clock.advance(1.0)
    assert garbage.seconds == 0.75


def test_it_counts_real_collections_while_it_is_started() -> None:
    garbage = Garbage()
    garbage.note("stop", {})  # one that began before
    assert garbage.seconds == 0.0
    garbage.start()
    garbage.start()
    assert gc.callbacks.count(garbage.note) == 1
    gc.collect()
    garbage.stop()
    counted = garbage.seconds
    assert counted > 0.0
    gc.collect()
    garbage.stop()
    assert garbage.seconds == counted
    assert garbage.note not in gc.callbacks
