from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from holdfast.events import StallSeen
from holdfast.telemetry.board.ring import RING_BYTES, RING_ENTRIES, StallRing

STALL = StallSeen(
    at=12.5,
    duration=0.25,
    file="app/main.py",
    line=7,
    function="f",
    sink="ssl.py:3 read",
    route="GET /",
    victims=2,
)


def memory() -> memoryview:
    return memoryview(bytearray(RING_BYTES))


def test_what_is_written_is_read_by_another_mapping() -> None:
    raw = memory()
    StallRing(raw).append(STALL)
    assert StallRing(raw).read(0) == ([STALL], 1)


def test_reading_goes_on_where_it_ended() -> None:
    ring = StallRing(memory())
    ring.append(STALL)
    _, after = ring.read(0)
    assert ring.read(after) == ([], 1)
    ring.append(replace(STALL, line=8))
    assert ring.read(after) == ([replace(STALL, line=8)], 2)


def test_a_slow_reader_gets_what_is_left() -> None:
    ring = StallRing(memory())
    for line in range(RING_ENTRIES + 10):
        ring.append(replace(STALL, line=line))
    stalls, after = ring.read(3)
    assert [s.line for s in stalls] == list(range(10, RING_ENTRIES + 10))
    assert after == ring.sequence == RING_ENTRIES + 10


def test_an_entry_that_is_being_written_is_left_out() -> None:
    raw = memory()
    ring = StallRing(raw)
    ring.append(STALL)
    ring.append(replace(STALL, line=8))
    raw[8:16].cast("Q")[0] = 0  # as the writer does before it overwrites the first entry
    assert [s.line for s in ring.read(0)[0]] == [8]


def test_a_new_owner_of_the_slot_goes_on_counting() -> None:
    raw = memory()
    StallRing(raw).append(STALL)
    StallRing(raw).append(STALL)
    assert StallRing(raw).sequence == 2


@given(
    text=st.text(max_size=400),
    number=st.integers(min_value=0, max_value=1 << 40),
    seconds=st.floats(min_value=0, max_value=1e9),
)
def test_any_stall_can_be_written_and_read(text: str, number: int, seconds: float) -> None:
    ring = StallRing(memory())
    ring.append(StallSeen(seconds, seconds, text, number, text, text, text, number))
    (stall,), _ = ring.read(0)
    assert abs(stall.at - seconds) <= 1e-6 * max(1, seconds)
    assert (stall.line, stall.victims) == (number, number)
    clean = text.encode(errors="replace").decode()
    assert clean.startswith(stall.file)
    assert clean.startswith(stall.route)
    assert len(stall.file) >= min(len(clean), 48)
