from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.events import StallSeen
from holdfast.telemetry.stalls import StallTally, continues


def stall(at: float, duration: float, line: int = 1, victims: int = 0) -> StallSeen:
    return StallSeen(at, duration, "a.py", line, "f", "a.py:1 f", "GET /", victims)


def test_parts_touch_and_stalls_do_not() -> None:
    assert continues(stall(1.0, 0.5), stall(1.5, 1.0))
    assert not continues(stall(1.0, 0.5), stall(1.51, 1.0))
    assert not continues(stall(1.0, 0.5), stall(1.0, 1.0))


def test_the_parts_of_a_stall_are_one_stall() -> None:
    tally = StallTally()
    tally.add(0, [stall(1.0, 1.0, victims=2), stall(2.0, 1.0, victims=1)])
    tally.add(0, [stall(3.0, 0.5)])
    (totals,) = tally.totals()
    assert (totals.count, totals.total, totals.longest, totals.victims) == (1, 2.5, 2.5, 3)
    assert tally.recent() == [stall(1.0, 2.5, victims=3)]


def test_stalls_of_two_workers_do_not_mix() -> None:
    tally = StallTally()
    tally.add(0, [stall(1.0, 1.0)])
    tally.add(1, [stall(2.0, 1.0)])
    (totals,) = tally.totals()
    assert (totals.count, totals.longest) == (2, 1.0)
    assert len(tally.recent()) == 2


def test_parts_at_two_lines_count_once_at_each() -> None:
    tally = StallTally()
    tally.add(0, [stall(1.0, 1.0, line=1), stall(2.0, 3.0, line=2), stall(5.0, 1.0, line=1)])
    totals = {t.line: (t.count, t.total, t.longest) for t in tally.totals()}
    assert totals == {1: (1, 2.0, 2.0), 2: (1, 3.0, 3.0)}
    assert tally.totals()[0].line == 2


def test_only_so_many_are_kept() -> None:
    tally = StallTally(keep=3)
    tally.add(0, [stall(float(i), 0.1) for i in range(10)])
    assert [s.at for s in tally.recent()] == [7.0, 8.0, 9.0]
    assert tally.totals()[0].count == 10


PARTS = st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(1, 3), st.booleans())


@given(st.lists(PARTS, max_size=30))
def test_totals_are_the_sums_however_it_is_parted(parts: list[tuple[int, int, int, bool]]) -> None:
    tally, at, stalls = StallTally(), 0.0, 0
    for duration, victims, line, goes_on in parts:
        if not goes_on or at == 0.0:
            at += 100.0
            stalls += 1
        tally.add(0, [stall(at, float(duration), line, victims)])
        at += duration
    assert sum(t.total for t in tally.totals()) == sum(p[0] for p in parts)
    assert sum(t.victims for t in tally.totals()) == sum(p[1] for p in parts)
    assert len(tally.recent()) == stalls
