from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from holdfast.serve.supervisor.boardfile import new_board


def test_a_board_goes_with_its_supervisor(tmp_path: Path) -> None:
    with ExitStack() as stack:
        board, path = new_board(2, stack, tmp_path)
        assert path.exists()
        assert len(board.slots()) == 2
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_supervisor_left_is_swept_and_a_living_ones_is_not(tmp_path: Path) -> None:
    left = tmp_path / "holdfast-killed"
    left.mkdir()
    (left / "board").touch()
    foreign = tmp_path / "other"
    foreign.mkdir()
    with ExitStack() as first, ExitStack() as second:
        _, living = new_board(1, first, tmp_path)
        assert not left.exists()
        new_board(1, second, tmp_path)
        assert living.exists()
    assert list(tmp_path.iterdir()) == [foreign]
