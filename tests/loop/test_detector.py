from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.loop.detector import Look, Part, StallDetector


def observe(detector: StallDetector, due: float, late: float, first_look: float) -> tuple[list[Part], int]:
    """Play a tick that is `late`, seen by a thread that looks as often as it is told; parts and samples."""
    parts: list[Part] = []
    samples, now, ends = 0, due + first_look, due + late
    while now < ends:
        look = detector.look(now, due)
        samples += look is not Look.NOTHING
        if look is Look.REPORT:
            parts.append(detector.report(now))
        now += detector.pause(now, due)
    last = detector.ended(due, ends)
    return ([*parts, last] if last else parts), samples


def test_a_tick_in_time_asks_for_nothing() -> None:
    detector = StallDetector(0.05)
    assert detector.look(10.0, 10.01) is Look.NOTHING
    assert detector.look(10.02, 10.01) is Look.NOTHING
    assert detector.ended(10.01, 10.02) is None


def test_a_late_tick_is_sampled_before_it_is_a_stall() -> None:
    detector = StallDetector(0.05)
    assert detector.look(10.04, 10.0) is Look.SAMPLE
    assert detector.ended(10.0, 10.045) is None


def test_a_stall_is_told_when_it_ends() -> None:
    detector = StallDetector(0.05)
    assert detector.look(10.1, 10.0) is Look.SAMPLE
    assert detector.ended(10.0, 10.25) == Part(10.0, 0.25, first=True)


def test_a_stall_that_nobody_saw_is_told_all_the_same() -> None:
    assert StallDetector(0.05).ended(10.0, 14.0) == Part(10.0, 4.0, first=True)


def test_a_long_stall_is_told_while_it_lasts() -> None:
    detector = StallDetector(0.05, interim=1.0)
    parts, _ = observe(detector, 100.0, 12.0, 0.0)
    assert [p.first for p in parts] == [True, False, False, False, False]
    assert [p.start - 100.0 for p in parts] == pytest.approx([0, 1, 2, 4, 8], rel=0.2)


def test_the_next_stall_is_told_anew() -> None:
    detector = StallDetector(0.05)
    observe(detector, 100.0, 5.0, 0.0)
    assert detector.look(105.02, 105.0) is Look.NOTHING
    assert detector.ended(105.0, 105.5) == Part(105.0, 0.5, first=True)


def test_a_tick_that_runs_as_it_is_reported_leaves_nothing_to_tell() -> None:
    detector = StallDetector(0.05)
    detector.look(101.5, 100.0)
    assert detector.report(101.5).duration == 1.5
    assert detector.ended(100.0, 101.4) is None


def test_a_threshold_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        StallDetector(0.0)


MILLISECONDS = st.integers(min_value=1, max_value=120_000).map(lambda ms: ms / 1000)


@given(
    threshold=st.sampled_from([0.01, 0.05, 0.25, 1.0]),
    late=MILLISECONDS,
    behind=st.floats(min_value=-0.5, max_value=0.0),
)
def test_parts_touch_and_add_up_to_the_stall(threshold: float, late: float, behind: float) -> None:
    parts, samples = observe(StallDetector(threshold), 1000.0, late, behind * threshold)
    if late <= threshold:
        assert parts == []
        return
    assert samples >= 2
    at = 1000.0
    for part in parts:
        assert part.start == pytest.approx(at)
        assert part.duration > 0
        assert part.first is (part is parts[0])
        at = part.start + part.duration
    assert at == pytest.approx(1000.0 + late)
    assert len(parts) < 20


@given(late=st.floats(min_value=0, max_value=1e4), threshold=st.floats(min_value=1e-3, max_value=10))
def test_the_thread_never_spins_and_never_sleeps_in(late: float, threshold: float) -> None:
    pause = StallDetector(threshold).pause(1000.0 + late, 1000.0)
    assert min(0.001, threshold / 4) <= pause <= max(1.5 * threshold, late / 19)
