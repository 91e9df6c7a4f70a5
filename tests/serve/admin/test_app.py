from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from holdfast.clock import VirtualClock
from holdfast.events import StallSeen
from holdfast.serve.admin.app import application
from holdfast.serve.admin.state import Status
from holdfast.serve.stallbook import StallBook
from holdfast.serve.supervisor.core import Limits, Supervision
from holdfast.serve.supervisor.view import View, look
from holdfast.service.health import HealthConfig
from holdfast.telemetry.board import Board, DependencyCell, Slot


class Bench:
    """The admin port over a board of three slots, in virtual time; this process is every worker."""

    def __init__(self, path: Path) -> None:
        self.now = VirtualClock(100.0)
        self.board = Board.create(path, 3)
        self.machine = Supervision(Limits(boot=30, kill=5, announce=1, grace=10), self.now())
        self.status = Status(self.board, self.machine, StallBook(self.board), 1)
        self.client = TestClient(application(self.status, self.now))

    def worker(self) -> Slot:
        return self.board.claim(os.getpid(), self.now())

    def look(self) -> None:
        self.machine.decide(self.now(), look(self.board, None))

    def codes(self) -> tuple[int, int, int]:
        probes = ("livez", "readyz", "startupz")
        first, second, third = (self.client.get(f"/{probe}").status_code for probe in probes)
        return first, second, third


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "board")
    with made.client:
        yield made
    made.board.close()


def test_probes_follow_the_life_of_a_worker(bench: Bench) -> None:
    assert bench.codes() == (200, 503, 503)
    slot = bench.worker()
    bench.look()
    assert bench.codes() == (200, 503, 503)
    slot.state = "serving"
    bench.look()
    bench.status.served = True
    assert bench.codes() == (200, 200, 200)
    for _ in range(60):  # it stands still, the supervisor does not
        bench.now.advance(0.1)
        bench.look()
    assert bench.codes() == (503, 503, 200)
    slot.beat(bench.now())
    assert bench.codes() == (200, 200, 200)
    bench.machine.signalled(interrupt=False)
    assert bench.codes() == (200, 503, 200)


def test_probes_are_not_cached_and_say_why(bench: Bench) -> None:
    answer = bench.client.get("/readyz")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == "no worker serves, or the service drains\n"


def test_state_sums_over_all_slots_and_shows_the_worst_living_breaker(bench: Bench) -> None:
    first = bench.worker()
    for slot, calls in zip(bench.board.slots(), (3, 4, 0), strict=True):
        if calls:
            row = slot.dependencies.row("payments")
            row[DependencyCell.CALLS] += calls
            row[DependencyCell.BREAKER] = 2 if slot.index == 1 else 1  # slot 1 belongs to nobody living
            slot.refused.row("full")[0] += calls
    first.in_flight, first.limit, first.queued = 5, 8, 1
    first.beat(bench.now())
    bench.now.advance(0.5)
    state = bench.client.get("/state").json()
    assert state["dependencies"] == [
        {
            "name": "payments",
            "calls": 7,
            "attempts": 0,
            "retries": 0,
            "failures": 0,
            "refused": 0,
            "degraded": 0,
            "breaker": "half-open",
        }
    ]
    assert state["refused"] == {"full": 7}
    assert state["workers"] == [
        {
            "pid": os.getpid(),
            "state": "booting",
            "heartbeat_age": 0.5,
            "in_flight": 5,
            "limit": 8,
            "queued": 1,
            "unready": [],
        }
    ]
    assert (state["phase"], state["ready"], state["restarts"], state["killed"]) == ("booting", False, 0, 0)


def test_state_tells_stalls_by_place_and_the_last_ones(bench: Bench) -> None:
    slot = bench.worker()
    place = {"file": "app.py", "line": 9, "function": "f", "sink": "time.sleep", "route": "GET /"}
    for at, duration in ((1.0, 0.5), (3.0, 0.25)):
        slot.stalls.append(StallSeen(at=at, duration=duration, victims=2, **place))
    state = bench.client.get("/state").json()
    assert state["stalls"] == [{**place, "count": 2, "total": 0.75, "longest": 0.5, "victims": 4}]
    assert [(stall["at"], stall["duration"]) for stall in state["recent_stalls"]] == [(1.0, 0.5), (3.0, 0.25)]
    assert bench.client.get("/state").json()["stalls"][0]["count"] == 2  # read again, counted once


def test_a_worker_that_came_after_another_is_a_restart(bench: Bench) -> None:
    bench.worker().release()
    bench.worker()
    assert bench.client.get("/state").json()["restarts"] == 1


def test_metrics_are_in_the_prometheus_format(bench: Bench) -> None:
    answer = bench.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "holdfast_stalls_total 0.0" in answer.text


def test_a_scraper_that_takes_openmetrics_gets_it(bench: Bench) -> None:
    answer = bench.client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


def test_a_service_that_refuses_for_long_is_unready_and_says_why(tmp_path: Path) -> None:
    now = VirtualClock(100.0)
    board = Board.create(tmp_path / "board", 3)
    machine = Supervision(Limits(boot=30, kill=5, announce=1, grace=10), now())
    view = View(board, HealthConfig(saturation=5.0), now)
    status = Status(board, machine, StallBook(board), 1, view=view)
    slot = board.claim(os.getpid(), now())
    slot.state = "serving"

    def passes(seconds: float, *, refusing: bool) -> None:
        for _ in range(int(seconds * 10)):
            now.advance(0.1)
            slot.beat(now())
            slot.refused.row("full\tasgi\tnormal")[0] += refusing
            slot.refused.row("draining\tasgi\tnormal")[0] += 1
            machine.decide(now(), view.look())

    passes(20, refusing=False)
    assert status.ready(now())
    passes(4, refusing=True)
    assert status.ready(now())
    passes(2, refusing=True)
    assert not status.ready(now())
    assert status.alive(now()), "a restart would not help"
    (worker,) = status.document(now())["workers"]
    assert worker["unready"] == ["saturation"]
    passes(12, refusing=False)
    assert status.ready(now())
    board.close()
