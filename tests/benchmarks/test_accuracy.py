"""The replay that the driver is held against, against a simulation that walks through time step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.accuracy import replay
from benchmarks.stalling_server import SERVICE_NS

MS = 1_000_000
STEP = MS // 4


def simulated(arrivals: list[int], stalls: list[tuple[int, int]]) -> list[int]:
    """Serve in the order of arrival, a quarter of a millisecond at a time; a stall waits for its turn.

    Everything must lie on whole steps.
    """
    done: list[int] = []
    waiting = list(arrivals)
    to_come = list(stalls)
    stalled = working = 0
    now = 0
    while len(done) < len(arrivals):
        if not working and not stalled and to_come and to_come[0][0] <= now:
            # It began when the server was last free, or when it was due: what it has lasted since is over.
            start, duration = to_come.pop(0)
            stalled = max(0, start + duration - now) // STEP
            continue
        if not working and not stalled and waiting and waiting[0] <= now:
            waiting.pop(0)
            working = SERVICE_NS // STEP
        now += STEP
        if stalled:
            stalled -= 1
        elif working:
            working -= 1
            if not working:
                done.append(now)
    return [end - arrival for end, arrival in zip(done, arrivals, strict=True)]


def ns(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize(
    ("arrivals", "stalls", "took"),
    [
        ([0], [], [1]),
        ([0, 10], [], [1, 1]),
        ([0, 0, 0], [], [1, 2, 3]),
        ([5], [(0, 10)], [6]),
        ([5], [(5, 10)], [11]),
        ([5], [(6, 10)], [1]),  # it begins after the request was done
        ([5, 6], [(6, 10)], [1, 11]),
        ([0, 20], [(5, 3)], [1, 1]),  # over before anyone came
        ([5], [(0, 3), (4, 4)], [4]),  # the second of two
        ([5], [(5, 2), (7, 2)], [5]),  # one right after the other
    ],
)
def test_by_hand(arrivals: list[int], stalls: list[tuple[int, int]], took: list[int]) -> None:
    """In milliseconds."""
    found = replay(ns([a * MS for a in arrivals]), [(s * MS, d * MS) for s, d in stalls])
    assert (found / MS).tolist() == took


TIMES = st.lists(st.integers(0, 400), max_size=40).map(lambda steps: sorted(step * STEP for step in steps))


@st.composite
def stalls_apart(draw: st.DrawFn) -> list[tuple[int, int]]:
    found, at = [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 80), st.integers(1, 60)), max_size=6)):
        at += gap * STEP
        found.append((at, length * STEP))
        at += length * STEP
    return found


@settings(deadline=None)
@given(TIMES, stalls_apart())
def test_the_recursion_is_the_simulation(arrivals: list[int], stalls: list[tuple[int, int]]) -> None:
    assert replay(ns(arrivals), stalls).tolist() == simulated(arrivals, stalls)


@settings(deadline=None)
@given(TIMES, stalls_apart())
def test_nobody_is_served_faster_than_the_service_nor_out_of_order(
    arrivals: list[int], stalls: list[tuple[int, int]]
) -> None:
    took = replay(ns(arrivals), stalls)
    assert (took >= SERVICE_NS).all()
    assert (np.diff(took + ns(arrivals)) >= SERVICE_NS).all()


@settings(deadline=None)
@given(TIMES, stalls_apart())
def test_a_stall_never_helps(arrivals: list[int], stalls: list[tuple[int, int]]) -> None:
    assert (replay(ns(arrivals), stalls) >= replay(ns(arrivals), [])).all()
