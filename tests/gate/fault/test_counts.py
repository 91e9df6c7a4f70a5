from __future__ import annotations

from holdfast.clock import VirtualClock
from holdfast.gate.fault.counts import Counts, Tally


def test_difference_of_snapshots_is_a_phase() -> None:
    clock = VirtualClock(10.9)
    tally = Tally(counted=True, now=clock)
    tally.connections, tally.bytes_up = 2, 100
    tally.called(3)
    before = tally.snapshot()
    clock.advance(0.2)
    tally.called(1)
    tally.called(1)
    tally.bytes_down += 7
    tally.unframed += 1
    assert tally.snapshot() - before == Counts(0, 2, 0, 7, 0, 1)
    assert tally.by_second() == {10: 3, 11: 2}


def test_uncounted_is_unknown_not_zero() -> None:
    snapshot = Tally(counted=False).snapshot()
    assert snapshot.calls is None
    assert (snapshot - snapshot).calls is None
