from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from holdfast.events import BreakerChanged, Bus, CallEnded, RetryDecided, StallSeen
from holdfast.telemetry.board import Board, DependencyCell, Slot, SlotCell
from holdfast.telemetry.recorder import Recorder


@pytest.fixture
def slot() -> Slot:
    return Board.private().claim(os.getpid(), 0.0)


@pytest.fixture
def bus(slot: Slot) -> Iterator[Bus]:
    bus = Bus()
    Recorder(slot).attach(bus)
    yield bus
    assert bus.failed == []


def cells(slot: Slot) -> dict[str, int]:
    row = slot.dependencies.row("db")
    return {cell.name: row[cell] for cell in DependencyCell if row[cell]}


@pytest.mark.parametrize(
    ("outcome", "attempts", "expected"),
    [
        ("ok", 1, {"CALLS": 1, "ATTEMPTS": 1}),
        ("ok", 2, {"CALLS": 1, "ATTEMPTS": 2}),
        ("timeout", 2, {"CALLS": 1, "ATTEMPTS": 2, "FAILURES": 1}),
        ("status 503", 1, {"CALLS": 1, "ATTEMPTS": 1, "FAILURES": 1}),
        ("breaker", 0, {"CALLS": 1, "REFUSED": 1}),
        ("bulkhead", 0, {"CALLS": 1, "REFUSED": 1}),
        ("deadline", 0, {"CALLS": 1, "REFUSED": 1}),
        ("deadline", 1, {"CALLS": 1, "ATTEMPTS": 1, "FAILURES": 1}),
        ("cancelled", 1, {"CALLS": 1, "ATTEMPTS": 1}),
    ],
)
def test_a_call_counts_by_its_outcome(
    bus: Bus, slot: Slot, outcome: str, attempts: int, expected: dict[str, int]
) -> None:
    bus.emit(CallEnded(1.0, "db", outcome, attempts, degraded=False, duration=0.5))
    assert cells(slot) == expected | {"SUM_NS": 500_000_000}


def test_a_degraded_call_counts_beside_its_failure(bus: Bus, slot: Slot) -> None:
    bus.emit(CallEnded(1.0, "db", "timeout", 1, degraded=True, duration=0.0))
    assert cells(slot) == {"CALLS": 1, "ATTEMPTS": 1, "FAILURES": 1, "DEGRADED": 1}


def test_only_granted_retries_count(bus: Bus, slot: Slot) -> None:
    bus.emit(RetryDecided(1.0, "db", 1, granted=True, why="", delay=0.1))
    bus.emit(RetryDecided(1.0, "db", 2, granted=False, why="budget", delay=0.0))
    assert cells(slot) == {"RETRIES": 1}


def test_the_breaker_shows_its_last_state(bus: Bus, slot: Slot) -> None:
    for old, new, shown in (("closed", "open", 2), ("open", "half-open", 1), ("half-open", "closed", 0)):
        bus.emit(BreakerChanged(1.0, "db", old, new, "because"))
        assert slot.dependencies.row("db")[DependencyCell.BREAKER] == shown


def test_a_stall_in_parts_is_one_stall(bus: Bus, slot: Slot) -> None:
    parts = [(1.0, 1.0), (2.0, 1.0), (3.0, 0.5), (4.0, 0.25)]  # the last one is another
    for at, duration in parts:
        bus.emit(StallSeen(at, duration, "a.py", 1, "f", "a.py:1 f", "", 0))
    assert slot.gauges[SlotCell.STALLS] == 2
    assert slot.gauges[SlotCell.STALL_NS] == 2_750_000_000
    assert slot.stalls.sequence == 4
