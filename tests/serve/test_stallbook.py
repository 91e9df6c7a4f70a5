from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.clock import VirtualClock
from holdfast.errors import UsageError
from holdfast.events import StallSeen
from holdfast.serve.stallbook import StallBook, StallLog
from holdfast.telemetry.board import Board
from holdfast.telemetry.stalllog import previous, read

STALL = StallSeen(1.5, 0.25, "a.py", 3, "f", "ssl.py:9 read", "GET /", 2, "id-1", "blocked", ("a.py:3 f",))


def test_what_is_on_the_board_is_in_book_and_log(tmp_path: Path) -> None:
    board, path = Board.create(tmp_path / "board", 2), tmp_path / "stalls.jsonl"
    slot = board.claim(1, 0.0)
    book = StallBook(board, path)
    slot.stalls.append(STALL)
    book.update()
    book.update()
    slot.stalls.append(replace(STALL, at=9.0, line=4, cause="gc", stack=()))
    book.update()
    book.close()
    assert [(record.worker, record.stall.line, record.stall.cause) for record in read(path)] == [
        (1, 3, "blocked"),
        (1, 4, "gc"),
    ]
    assert read(path)[0].stall == STALL
    assert [total["line"] for total in book.totals()] == [3, 4]
    assert book.since(1, 9.1) == replace(STALL, at=9.0, line=4, cause="gc", stack=())
    assert book.since(1, 9.3) is None
    board.close()


def test_a_place_that_stalls_all_the_time_is_summed_up(tmp_path: Path) -> None:
    clock, path = VirtualClock(), tmp_path / "stalls.jsonl"
    log = StallLog(path, now=clock)
    for number in range(100):
        log.write(1, replace(STALL, at=float(number)))
    log.write(1, replace(STALL, line=99))  # another place is another matter
    assert len(read(path)) == 11
    clock.advance(61.0)
    log.write(1, STALL)
    records = read(path)
    assert len(records) == 12
    assert (records[-1].skipped, records[-1].skipped_seconds) == (90, 22.5)
    for _ in range(20):
        log.write(1, STALL)
    log.close()
    records = read(path)
    assert sum(record.skipped + 1 for record in records) == 122
    assert sum(record.seconds for record in records) == pytest.approx(122 * 0.25)


def test_a_full_log_becomes_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "stalls.jsonl"
    log = StallLog(path, largest=2000)
    for number in range(50):
        log.write(1, replace(STALL, line=number))
    log.close()
    assert path.stat().st_size <= 2000
    assert previous(path).stat().st_size <= 2000
    lines = [record.stall.line for record in read(path)]
    assert lines == list(range(50 - len(lines), 50))
    assert len(lines) > 4


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "stalls.jsonl"
    for number in range(2):
        log = StallLog(path)
        log.write(1, replace(STALL, line=number))
        log.close()
    assert [record.stall.line for record in read(path)] == [0, 1]


def test_many_places_do_not_grow_it(tmp_path: Path) -> None:
    path = tmp_path / "stalls.jsonl"
    log = StallLog(path)
    for _ in range(12):
        log.write(1, STALL)
    for number in range(1200):
        log.write(1, replace(STALL, line=number + 10))
    assert len(log._places) <= 1000
    assert sum(record.skipped + 1 for record in read(path) if record.stall.line == 3) == 12
    log.close()


def test_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write the stall log"):
        StallLog(tmp_path)
