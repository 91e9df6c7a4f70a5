from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.events import BreakerChanged, StallSeen
from holdfast.telemetry import process
from holdfast.telemetry.board import Board, DependencyCell

STALL = StallSeen(1.0, 0.2, "a.py", 1, "f", "a.py:1 f", "", 0)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(process, "_processes", {})
    monkeypatch.delenv("HOLDFAST_BOARD", raising=False)
    yield
    monkeypatch.undo()


def test_without_a_supervisor_the_board_is_private() -> None:
    slot = process.slot()
    assert process.slot() is slot
    assert (slot.pid, slot.state) == (os.getpid(), "booting")
    assert process.board().path is None


def test_events_reach_the_board_once() -> None:
    process.slot()
    process.slot()
    process.bus().emit(STALL)
    process.bus().emit(BreakerChanged(1.0, "db", "closed", "open", "failures"))
    assert process.bus().failed == []
    assert process.slot().stalls.read(0) == ([STALL], 1)
    assert process.slot().dependencies.row("db")[DependencyCell.BREAKER] == 2


def test_a_bus_claims_no_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board.create(tmp_path / "board", 1)
    monkeypatch.setenv("HOLDFAST_BOARD", str(tmp_path / "board"))
    process.bus().emit(STALL)
    assert board.slots()[0].state == "free"


def test_a_wrong_variable_is_the_callers_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "board").write_text("no board")
    monkeypatch.setenv("HOLDFAST_BOARD", str(tmp_path / "board"))
    with pytest.raises(UsageError, match="not a state board") as caught:
        process.slot()
    assert caught.value.place == "HOLDFAST_BOARD"


def test_a_full_board_is_no_reason_not_to_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board.create(tmp_path / "board", 1)
    board.claim(os.getppid(), 0.0)
    monkeypatch.setenv("HOLDFAST_BOARD", str(tmp_path / "board"))
    assert process.slot().pid == os.getpid()
    assert process.board().path is None
    assert "not watched" in caplog.text


def test_a_forked_child_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board.create(tmp_path / "board", 2)
    monkeypatch.setenv("HOLDFAST_BOARD", str(tmp_path / "board"))
    process.slot().in_flight = 3
    parents_bus = process.bus()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            slot = process.slot()
            slot.in_flight = 8
            process.bus().emit(STALL)
            code = 0 if process.bus() is not parents_bus and slot.pid == os.getpid() else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    mine, childs = board.slots()
    assert (mine.pid, mine.in_flight, mine.stalls.sequence) == (os.getpid(), 3, 0)
    assert (childs.pid, childs.in_flight, childs.stalls.sequence) == (child, 8, 1)
