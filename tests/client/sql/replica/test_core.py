"""What is known of a replica, and whom it may answer: no clock but the one that is passed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.client.sql.replica.core import Known, by_time
from holdfast.client.sql.replica.mark import Mark


def test_nothing_is_known_at_first() -> None:
    assert Known(2.0).serves(0.0, None) == "behind"


def test_it_is_as_fresh_as_the_moment_that_it_has_reached() -> None:
    known = Known(2.0)
    known.asked(10.0, primary=100, replayed=90)
    assert known.serves(10.0, None) == "behind"
    known.asked(11.0, primary=150, replayed=100)
    assert known.fresh == 10.0
    assert known.serves(12.0, None) == "replica"
    assert known.serves(12.1, None) == "behind"


def test_one_that_has_lost_its_primary_grows_old() -> None:
    known = Known(2.0)
    known.asked(10.0, primary=100, replayed=100)
    for second in (11.0, 12.0, 13.0):
        known.asked(second, primary=100 + int(second), replayed=100)
    assert known.serves(13.0, None) == "behind"


def test_it_answers_a_caller_when_it_has_what_he_wrote() -> None:
    known = Known(2.0)
    known.asked(10.0, primary=100, replayed=100)
    assert known.serves(10.5, Mark(0.0, 101)) == "wrote"
    assert known.serves(10.5, Mark(0.0, 100)) == "replica"
    known.asked(11.0, primary=120, replayed=110)
    assert known.serves(11.0, Mark(0.0, 101)) == "replica"


def test_another_history_begins_anew() -> None:
    known = Known(2.0)
    known.asked(10.0, primary=100, replayed=100)
    known.asked(10.5, primary=50, replayed=40)
    assert known.serves(10.5, None) == "behind"
    known.asked(11.0, primary=50, replayed=50)
    assert known.serves(11.0, None) == "replica"


def test_it_is_asked_four_times_within_the_lag_and_sooner_while_it_is_waited_for() -> None:
    known = Known(2.0)
    moments = (0.0, 0.1, 0.4, 0.5, 0.9, 1.0)
    assert [known.due(now, "replica") for now in moments] == [True, False, False, True, False, True]
    assert [known.due(now, "behind") for now in (1.05, 1.125, 1.2, 1.25)] == [False, True, False, True]


def test_by_time_a_caller_reads_where_he_wrote_until_every_replica_has_it() -> None:
    assert by_time(None, 2.0, 100.0) == "replica"
    assert by_time(Mark(98.0), 2.0, 100.0) == "wrote"
    assert by_time(Mark(97.9), 2.0, 100.0) == "replica"
    assert by_time(Mark(200.0), 2.0, 100.0) == "wrote"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=30), st.integers(0, 300))
def test_it_never_shows_less_than_was_written(steps: list[tuple[int, int]], wrote: int) -> None:
    """A log that grows, a replica behind it: whoever is answered by it finds his write and all before it."""
    known, log, now = Known(2.0), 0, 0.0
    history: list[tuple[float, int]] = [(0.0, 0)]
    for grown, behind in steps:
        now, log = now + 0.3, log + grown
        history.append((now, log))
        replayed = max(0, log - behind)
        if known.position is not None:
            replayed = max(replayed, known.position)
        known.asked(now, log, min(replayed, log))
        if known.serves(now, Mark(0.0, wrote)) == "replica":
            assert known.position is not None
            assert known.position >= wrote
            assert known.position >= max(at for when, at in history if when <= now - 2.0 or at == 0)
