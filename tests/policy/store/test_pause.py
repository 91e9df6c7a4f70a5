from __future__ import annotations

import pytest

from holdfast.policy.store import Pause


def test_failures_in_a_row_rest_it_and_one_at_a_time_tries() -> None:
    pause = Pause(failures=3, seconds=1.0)
    for _ in range(3):
        assert pause.may(10.0)
        pause.failed(10.0)
    assert pause.resting
    assert not pause.may(10.99)
    assert [pause.may(11.0) for _ in range(3)] == [True, False, False]
    pause.failed(11.1)
    assert not pause.may(12.05)
    assert pause.may(12.1)
    pause.answered()
    assert not pause.resting
    assert all(pause.may(12.1) for _ in range(5))


def test_an_answer_in_between_ends_the_row() -> None:
    pause = Pause(failures=2)
    for _ in range(10):
        pause.failed(0.0)
        pause.answered()
    assert pause.may(0.0)


def test_a_try_that_never_told_is_followed_by_another() -> None:
    pause = Pause(failures=1, seconds=1.0)
    pause.failed(0.0)
    assert pause.may(1.0)
    assert not pause.may(1.9)
    assert pause.may(2.0)


def test_a_pause_that_is_none() -> None:
    with pytest.raises(ValueError, match="seconds"):
        Pause(seconds=0)
