from __future__ import annotations

import os
import subprocess
from bisect import bisect_left
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from holdfast.telemetry.board import Board, DependencyCell, SlotCell
from holdfast.telemetry.buckets import FIRST_BUCKET, SUM_NS
from holdfast.telemetry.exposition import BoardCollector, render, render_process

ME, PARENT = os.getpid(), os.getppid()
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: bytes) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """Two living workers, one that died and was not replaced."""
    board = Board.create(tmp_path / "board", 4)
    gone = subprocess.Popen(["true"])
    gone.wait()
    dead, mine, other = board.claim(gone.pid, 0.0), board.claim(ME, 1.0), board.claim(PARENT, 1.0)
    for slot, seconds in ((mine, 0.2), (other, 0.3), (dead, 99.0)):
        row = slot.requests.row("GET /products/{id}\t2xx")
        row[SUM_NS] += round(seconds * 1e9)
        row[FIRST_BUCKET + bisect_left(board.bounds, seconds)] += 1
        slot.refused.row("full")[0] += 2
        db = slot.dependencies.row("db")
        for cell in (DependencyCell.CALLS, DependencyCell.ATTEMPTS, DependencyCell.RETRIES):
            db[cell] += 3
        db[DependencyCell.BREAKER] = 2
        db[DependencyCell.SUM_NS] = 500_000_000
        slot.in_flight, slot.limit = 4, 16
        slot.gauges[SlotCell.STALLS] = 1
        slot.gauges[SlotCell.STALL_NS] = 250_000_000
        slot.state = "serving"
    other.state = "draining"
    mine.beat(7.0, 0.125)
    return board


def test_counters_are_summed_over_living_and_dead(board: Board) -> None:
    found = samples(render(board))
    labels = {"method": "GET", "route": "/products/{id}", "status": "2xx"}
    assert value(found, "holdfast_requests_seconds_count", **labels) == 3
    assert value(found, "holdfast_requests_seconds_sum", **labels) == pytest.approx(99.5)
    assert value(found, "holdfast_requests_seconds_bucket", le="0.15", **labels) == 0
    assert value(found, "holdfast_requests_seconds_bucket", le="0.2", **labels) == 1
    assert value(found, "holdfast_requests_seconds_bucket", le="0.3", **labels) == 2
    assert value(found, "holdfast_requests_seconds_bucket", le="60.0", **labels) == 2
    assert value(found, "holdfast_requests_seconds_bucket", le="+Inf", **labels) == 3
    refused = {"reason": "full", "stage": "asgi", "class": "any"}
    assert value(found, "holdfast_refused_total", **refused) == 6
    for word in ("calls", "attempts", "retries"):
        assert value(found, f"holdfast_dependency_{word}_total", dependency="db") == 9
    assert value(found, "holdfast_dependency_seconds_total", dependency="db") == pytest.approx(1.5)
    assert value(found, "holdfast_stalls_total") == 3
    assert value(found, "holdfast_stall_seconds_total") == pytest.approx(0.75)
    assert value(found, "holdfast_worker_starts_total") == 3


def test_every_bound_has_its_bucket(board: Board) -> None:
    found = samples(render(board))
    bounds = {dict(labels)["le"] for name, labels in found if name == "holdfast_requests_seconds_bucket"}
    assert bounds == {str(bound) for bound in board.bounds} | {"+Inf"}


def test_bounds_are_those_that_the_board_says(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "bounded", 1)
    board.bounds = (0.1, 0.32)
    row = board.claim(ME, 1.0).requests.row("GET /\t2xx")
    row[FIRST_BUCKET], row[FIRST_BUCKET + 1], row[FIRST_BUCKET + 2] = 1, 2, 4
    found = samples(render(Board.open(tmp_path / "bounded")))
    counts = {
        dict(labels)["le"]: n
        for (name, labels), n in found.items()
        if name == "holdfast_requests_seconds_bucket"
    }
    assert counts == {"0.1": 1, "0.32": 3, "+Inf": 7}


def test_a_board_has_no_room_for_more_bounds_than_a_row(tmp_path: Path) -> None:
    board = Board.create(tmp_path / "crowded", 1)
    with pytest.raises(ValueError, match="room for 32 bounds, not 33"):
        board.bounds = tuple(map(float, range(33)))


def test_gauges_speak_of_living_workers_only(board: Board) -> None:
    found = samples(render(board, now=lambda: 9.5))
    assert {labels for name, labels in found if name == "holdfast_in_flight"} == {
        (("worker", "1"),),
        (("worker", "2"),),
    }
    assert value(found, "holdfast_in_flight", worker="1") == 4
    assert value(found, "holdfast_limit", worker="1") == 16
    assert value(found, "holdfast_breaker_state", dependency="db", worker="1") == 2
    assert value(found, "holdfast_loop_lag_seconds", worker="1") == 0.125
    assert value(found, "holdfast_worker_heartbeat_age_seconds", worker="1") == 2.5
    states = {dict(labels)["state"]: n for (name, labels), n in found.items() if name == "holdfast_workers"}
    assert states == {"booting": 0, "serving": 1, "draining": 1, "dead": 1}


def test_counters_do_not_run_back_when_a_worker_is_replaced(board: Board) -> None:
    before = samples(render(board))
    board.slots()[2].release()
    board.slots()[1].release()
    board.claim(ME, 5.0)
    after = samples(render(board))
    for key, number in before.items():
        of_a_process = key[0] == "holdfast_cpu_seconds_total"  # starts anew with each
        if key[0].endswith(("_total", "_count", "_sum", "_bucket")) and not of_a_process:
            assert after[key] >= number, key


def test_names_with_quotes_and_newlines_stay_one_sample(board: Board) -> None:
    board.slots()[1].requests.row('GET /a"b\\c\n\t2xx')[1] += 1
    found = samples(render(board))
    assert value(found, "holdfast_requests_seconds_count", method="GET", route='/a"b\\c\n', status="2xx") == 1


def test_the_shared_row_is_shown_as_such(board: Board) -> None:
    for i in range(200):
        board.slots()[1].requests.row(f"GET /{i}\t2xx")[1] += 1
    found = samples(render(board))
    assert value(found, "holdfast_requests_seconds_count", method="(other)", route="(other)", status="") > 0


def test_an_empty_board_is_valid_text(tmp_path: Path) -> None:
    found = samples(render(Board.create(tmp_path / "empty", 1)))
    assert value(found, "holdfast_stalls_total") == 0
    assert value(found, "holdfast_workers", state="dead") == 0


def test_a_process_shows_its_own_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOLDFAST_BOARD", raising=False)
    assert value(samples(render_process()), "holdfast_worker_starts_total") >= 1


def test_the_collector_fits_any_registry(board: Board) -> None:
    registry = CollectorRegistry()
    registry.register(BoardCollector(board))
    assert registry.get_sample_value("holdfast_stalls_total") == 3


def test_promtool_finds_no_fault(promtool: str, board: Board) -> None:
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=render(board), capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
