from __future__ import annotations

import os
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.telemetry.board import Board, BoardFull, DependencyCell, SlotCell
from holdfast.telemetry.board.layout import HeaderCell

ME = os.getpid()


def poke(path: Path, cell: int, value: int) -> None:
    with path.open("r+b") as file:
        file.seek(cell * 8)
        file.write(value.to_bytes(8, "little"))


def test_a_board_is_seen_alike_by_all_that_open_it(tmp_path: Path) -> None:
    made = Board.create(tmp_path / "board", 2)
    slot = made.claim(ME, 5.0)
    slot.state = "serving"
    slot.in_flight, slot.limit, slot.queued = 3, 16, 1
    slot.beat(6.5, 0.25)
    slot.requests.row("GET / 2xx")[1] += 1
    seen = Board.open(tmp_path / "board").slots()[0]
    assert (seen.pid, seen.state, seen.alive) == (ME, "serving", True)
    assert (seen.in_flight, seen.limit, seen.queued) == (3, 16, 1)
    assert (seen.booted_at, seen.heartbeat, seen.lag) == (5.0, 6.5, 0.25)
    assert [(name, cells[1]) for name, cells in seen.requests.rows()] == [("GET / 2xx", 1)]


def test_the_gauges_are_the_memory_of_the_properties(tmp_path: Path) -> None:
    slot = Board.private().claim(ME, 0.0)
    slot.gauges[SlotCell.IN_FLIGHT] = 9
    assert slot.in_flight == 9


def test_a_board_takes_no_room_before_it_is_used(tmp_path: Path) -> None:
    Board.create(tmp_path / "board", 64)
    stat = (tmp_path / "board").stat()
    assert stat.st_blocks * 512 <= 64 * 1024 < stat.st_size
    assert stat.st_mode & 0o777 == 0o600


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "board").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        Board.create(tmp_path / "board", 1)
    assert (tmp_path / "board").read_text() == "mine"


def test_no_file_is_left_where_there_is_no_room(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no room"):
        Board.create(tmp_path / "board", 10**9)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot open the state board") as caught:
        Board.open(tmp_path / "none")
    assert caught.value.place == str(tmp_path / "none")


@pytest.mark.parametrize("content", [b"", b"short", b"\x00" * 8192, os.urandom(8192)])
def test_what_is_no_board_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "board").write_bytes(content)
    with pytest.raises(UsageError, match="not a state board"):
        Board.open(tmp_path / "board")


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        (HeaderCell.VERSION, 99, "another version"),
        (HeaderCell.SLOT_BYTES, 4096, "another version"),
        (HeaderCell.SLOTS, 3, "damaged"),
        (HeaderCell.SLOTS, 1 << 50, "damaged"),
        (HeaderCell.SLOTS, 0, "damaged"),
    ],
)
def test_a_board_with_a_wrong_header_is_refused(tmp_path: Path, cell: int, value: int, message: str) -> None:
    Board.create(tmp_path / "board", 2).close()
    poke(tmp_path / "board", cell, value)
    with pytest.raises(UsageError, match=message):
        Board.open(tmp_path / "board")


def test_a_board_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    Board.create(tmp_path / "board", 2).close()
    with (tmp_path / "board").open("r+b") as file:
        file.truncate(10_000)
    with pytest.raises(UsageError, match="damaged"):
        Board.open(tmp_path / "board")


def test_rows_outlive_the_closed_board(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "board", 1)
    row = board.claim(ME, 0.0).requests.row("a")
    board.remove()
    row[0] += 1
    assert row[0] == 1
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_is_once(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "board", 1)
    board.close()
    board.remove()


def test_claiming_again_is_having_the_same_slot() -> None:
    board = Board.private()
    first = board.claim(ME, 1.0)
    first.in_flight = 4
    again = board.claim(ME, 2.0)
    assert again is first
    assert (again.in_flight, again.booted_at) == (0, 2.0)


def test_a_living_owner_keeps_its_slot() -> None:
    board = Board.private()
    board.claim(os.getppid(), 0.0)
    with pytest.raises(BoardFull, match="all 1 slots"):
        board.claim(ME, 0.0)


def test_a_pid_that_was_given_to_another_process_is_no_owner() -> None:
    board = Board.private()
    slot = board.claim(os.getppid(), 0.0)
    slot.gauges[SlotCell.BORN] += 1
    assert not slot.alive
    assert board.claim(ME, 0.0).pid == ME


def test_a_released_slot_is_free_and_keeps_its_counters(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "board", 1)
    slot = board.claim(os.getppid(), 0.0)
    slot.in_flight = 3
    slot.requests.row("a")[0] = 7
    cells = slot.dependencies.row("db")
    cells[DependencyCell.CALLS], cells[DependencyCell.BREAKER], cells[DependencyCell.IN_FLIGHT] = 5, 2, 4
    slot.release()
    assert (slot.state, slot.pid, slot.in_flight) == ("free", 0, 0)
    heir = Board.open(tmp_path / "board").claim(ME, 1.0)
    heir.requests.row("a")[0] += 1
    assert [(n, c[0]) for n, c in heir.requests.rows()] == [("a", 8)]
    cells = heir.dependencies.row("db")
    assert cells[DependencyCell.CALLS] == 5
    assert cells[DependencyCell.BREAKER] == cells[DependencyCell.IN_FLIGHT] == 0


def test_a_fresh_slot_is_preferred_to_one_that_was_given_back(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "board", 2)
    board.claim(ME, 0.0).release()
    assert board.claim(ME, 0.0).index == 1


def test_garbage_in_the_gauges_crashes_no_reader() -> None:
    slot = Board.private().claim(ME, 0.0)
    slot.gauges[SlotCell.STATE] = 77
    slot.gauges[SlotCell.PID] = (1 << 64) - 1
    assert slot.state == "free"
    slot.state = "serving"
    assert slot.alive is False
