from __future__ import annotations

import pytest

from holdfast.gate.report.live.course import SHOWN, Course


def line(t, sent, ok=0, refused=0, failed=0, p99=0.1):
    return {"t": t, "sent": sent, "ok": ok, "refused": refused, "failed": failed, "p50": None, "p99": p99}


def test_rates_are_of_the_last_moments():
    course = (
        Course()
        .reported(line(0.0, 0))
        .reported(line(9.0, 900))
        .reported(line(10.0, 1900, ok=500, refused=500))
    )
    rates = course.rates()
    assert (rates.offered, rates.ok, rates.refused, rates.failed) == (1000, 500, 500, 0)


def test_one_sample_has_no_rate_yet():
    assert Course().rates() is None
    assert Course().reported(line(1.0, 5)).rates() is None
    assert Course().phase_rates() is None


def test_a_phase_counts_from_its_beginning():
    course = Course().begun("steady", 10, "", 0.0).reported(line(10.0, 1000, ok=1000))
    assert course.phase_rates().ok == 100
    course = course.begun("overload", 10, "", 10.0).reported(line(20.0, 6000, ok=1500))
    assert (course.phase_rates().offered, course.phase_rates().ok) == (500, 50)


def test_time_left_never_goes_below_zero():
    course = Course().begun("steady", 10, "", 100.0)
    assert course.left(104.0) == pytest.approx(6.0)
    assert course.left(200.0) == 0


def test_lines_without_figures_change_nothing():
    course = Course()
    assert course.reported({"ready": True}) is course
    assert course.reported({"start_ns": 12}) is course


def test_a_driver_that_starts_anew_counts_from_nothing():
    course = Course().reported(line(30.0, 9000)).reported(line(0.25, 10)).reported(line(0.5, 20))
    assert course.rates().offered == 40


def test_memory_is_bounded():
    course = Course()
    for index in range(1000):
        course = course.reported(line(index / 4, index))
    assert len(course.recent) == SHOWN + 1
    assert len(course.curve()) == SHOWN
