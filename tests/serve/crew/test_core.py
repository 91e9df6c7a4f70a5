from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.serve.crew.core import TOO_SHORT, Crew


def test_workers_are_started_until_there_are_enough() -> None:
    crew = Crew(2)
    pids = []
    while crew.lacks(0.0):
        crew.started(100 + len(pids), 0.0)
        pids.append(100 + len(pids))
    assert crew.pids == (100, 101)
    assert crew.age == 2
    assert crew.surplus() == []


def test_one_that_died_is_replaced_and_one_that_died_at_once_not_at_once() -> None:
    crew = Crew(1)
    crew.started(1, 0.0)
    assert crew.ended(1, 50.0)
    assert crew.lacks(50.0)
    crew.started(2, 50.0)
    assert crew.ended(2, 50.1)
    assert not crew.lacks(50.1)
    assert crew.next_wakeup(50.1) == 50.0 + TOO_SHORT
    assert crew.lacks(50.0 + TOO_SHORT)
    assert not crew.ended(99, 51.0), "somebody else's child"


def test_the_oldest_goes_and_is_told_once() -> None:
    crew = Crew(2)
    for pid in (1, 2):
        crew.started(pid, 0.0)
    crew.want = 3
    assert crew.lacks(5.0)
    crew.started(3, 5.0)
    crew.want = 2
    assert crew.surplus() == [1]
    assert crew.surplus() == []
    assert not crew.lacks(6.0), "who leaves is not replaced while leaving: there are two others"
    crew.ended(1, 7.0)
    assert not crew.lacks(7.0)
    assert crew.pids == (2, 3)


@given(st.lists(st.sampled_from(["more", "fewer", "die", "tick"]), max_size=80), st.randoms())
def test_whatever_happens_as_many_stay_as_are_wanted(steps: list[str], chance: object) -> None:
    crew, now, next_pid = Crew(2), 0.0, 1

    def settle() -> None:
        nonlocal next_pid
        while crew.lacks(now):
            crew.started(next_pid, now)
            next_pid += 1
        told.update(crew.surplus())

    told: set[int] = set()
    for step in steps:
        now += 2 * TOO_SHORT
        if step == "more":
            crew.want += 1
        elif step == "fewer":
            crew.want = max(1, crew.want - 1)
        elif step == "die" and crew.pids:
            gone = chance.choice(crew.pids)  # type: ignore[attr-defined]
            assert crew.ended(gone, now)
            told.discard(gone)
        settle()
        assert len(set(crew.pids) - told) == crew.want
        assert told <= set(crew.pids)
