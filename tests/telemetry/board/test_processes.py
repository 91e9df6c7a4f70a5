"""The board among real processes, killed ones included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.telemetry.board import Board, alive

WORKER = """
import os, sys
from holdfast.telemetry import process
slot = process.slot()
slot.state = "serving"
slot.in_flight = 5
slot.requests.row("GET / 2xx")[1] += 10
print(slot.index, os.getpid(), flush=True)
sys.stdin.read()
"""


class Workers:
    def __init__(self, path: Path) -> None:
        self.environ = os.environ | {"HOLDFAST_BOARD": str(path)}
        self.running: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER],
            env=self.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.append(worker)
        return worker

    def close(self) -> None:
        for worker in self.running:
            worker.kill()
            worker.communicate()


def slot_of(worker: subprocess.Popen[str]) -> int:
    assert worker.stdout is not None
    return int(worker.stdout.readline().split()[0])


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board.create(tmp_path / "board", 4)
    yield board
    board.remove()


@pytest.fixture
def workers(board: Board) -> Iterator[Workers]:
    assert board.path is not None
    workers = Workers(board.path)
    yield workers
    workers.close()


def total(board: Board) -> int:
    return sum(cells[1] for slot in board.slots() for _, cells in slot.requests.rows())


def test_workers_that_start_at_once_get_slots_of_their_own(board: Board, workers: Workers) -> None:
    started = [workers.start() for _ in range(4)]
    assert sorted(slot_of(w) for w in started) == [0, 1, 2, 3]
    assert {slot.pid for slot in board.slots()} == {w.pid for w in started}
    assert all(slot.alive for slot in board.slots())


def test_after_sigkill_the_board_tells_and_the_heir_goes_on_counting(board: Board, workers: Workers) -> None:
    started = [workers.start() for _ in range(4)]
    slots = [slot_of(w) for w in started]
    victim = started[1]
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    dead = board.slots()[slots[1]]
    assert (dead.alive, dead.state, dead.in_flight, dead.pid) == (False, "serving", 5, victim.pid)
    heir = workers.start()
    assert slot_of(heir) == slots[1]
    assert dead.pid == heir.pid
    assert dead.alive
    assert total(board) == 50


def test_a_zombie_is_dead(workers: Workers) -> None:
    worker = workers.start()
    slot_of(worker)
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is not yet reaped
    assert not alive(worker.pid)


def test_a_worker_without_a_slot_serves_unwatched(board: Board, workers: Workers) -> None:
    for _ in range(4):
        slot_of(workers.start())
    fifth = workers.start()
    slot_of(fifth)
    assert fifth.pid not in {slot.pid for slot in board.slots()}
