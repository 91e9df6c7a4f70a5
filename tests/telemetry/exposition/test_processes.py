from __future__ import annotations

import os
import resource
import subprocess
import threading
from pathlib import Path

import pytest

from holdfast.telemetry.board import Board
from holdfast.telemetry.exposition import processes
from holdfast.telemetry.exposition.view import View

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc on this system")


def read(board: Board, name: str) -> dict[tuple[str, ...], float]:
    [family] = [family for family in processes.FAMILIES if family.name == name]
    return {
        labels: found for labels, found in family.read(View(board, 0.0)) if isinstance(found, float | int)
    }


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board.create(tmp_path / "board", 2)
    board.claim(os.getpid(), 0.0)
    return board


def test_memory_and_cpu_are_those_of_the_process(board: Board) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert 0 < read(board, "holdfast_resident_bytes")["0",] <= most
    used = os.times()
    assert read(board, "holdfast_cpu_seconds")["0",] >= used.user + used.system - 1


def test_threads_and_descriptors_are_counted(board: Board) -> None:
    enough = threading.Event()
    thread = threading.Thread(target=enough.wait)
    threads, descriptors = (
        read(board, f"holdfast_{word}")["0",] for word in ("process_threads", "open_descriptors")
    )
    thread.start()
    reader, writer = os.pipe()
    try:
        assert read(board, "holdfast_process_threads")["0",] == threads + 1
        assert read(board, "holdfast_open_descriptors")["0",] == descriptors + 2
    finally:
        enough.set()
        thread.join()
        os.close(reader)
        os.close(writer)


def test_a_worker_that_is_gone_is_left_out(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "gone", 1)
    gone = subprocess.Popen(["true"])
    board.claim(gone.pid, 0.0)
    gone.wait()
    assert read(board, "holdfast_resident_bytes") == {}


def test_headroom_counts_cache_that_can_be_dropped_as_free(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_CGROUP", tmp_path)
    assert read(board, "holdfast_memory_headroom_bytes") == {}
    (tmp_path / "memory.max").write_text("max\n")
    assert read(board, "holdfast_memory_headroom_bytes") == {}
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 200\nactive_file 0\n")
    assert read(board, "holdfast_memory_headroom_bytes") == {(): 500}
