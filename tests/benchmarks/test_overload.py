"""The overload benchmark: what it reads from records, and that what it starts does what is said."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.overload.contender import Contenders, Running
from benchmarks.overload.curve import Curve, Lengths
from benchmarks.overload.dial import AS_EVER, Dial, Work
from benchmarks.overload.grammar import OBJECTIVE, budget, supported
from benchmarks.overload.load import Load
from benchmarks.overload.measure import Seen
from benchmarks.overload.outcome import HELD, Found, checks, document, show
from benchmarks.overload.peer import FLOOR, PEERS
from benchmarks.overload.service import TUNED, Semaphore, burn
from benchmarks.overload.shift import Grid, Shift
from benchmarks.overload.shift import Lengths as ShiftLengths
from holdfast.budget import load
from holdfast.gate.drive import Cause, Records


def seen(rows: list[tuple[float, float, int]], *, critical: tuple[int, ...] = ()) -> Seen:
    """Return what was seen of requests: (due, seconds until done, status)."""
    at = np.array([round(due * 1e9) for due, _, _ in rows], dtype=np.int64)
    took = np.array([round(seconds * 1e9) for _, seconds, _ in rows], dtype=np.int64)
    status = np.array([code for _, _, code in rows], dtype=np.int16)
    sent = np.where(status == Cause.NOT_SENT, -1, at)
    request = np.array([int(number in critical) for number in range(len(rows))], dtype=np.int32)
    records = Records(
        at=at,
        request=request,
        sent=sent,
        done=np.where(status == Cause.NOT_SENT, -1, at + took),
        status=status,
        outcome=np.zeros(len(rows), dtype=np.uint8),
        start_ns=1,
        cpu_s=0.1,
    )
    return Seen.of(records, critical=1, cpu_s=0.1)


def steady(begin: float, end: float, rate: float, took: float = 0.05, status: int = 200) -> list[Any]:
    count = round((end - begin) * rate)
    return [(begin + number / rate, took, status) for number in range(count)]


def test_a_window_counts_by_due_time() -> None:
    found = seen(
        [
            (0.5, 0.1, 200),  # before it
            (1.0, 0.5, 200),  # just within the objective
            (1.2, 0.6, 200),  # too late, and an answer
            (1.4, 0.0, 503),
            (1.6, 1.2, 503),  # later than a second
            (1.8, 0.0, Cause.NOT_SENT),
            (1.9, 0.3, Cause.RESET),
            (2.0, 0.1, 200),  # behind it
        ]
    ).window(1.0, 2.0)
    assert (found.offered, found.good) == (6.0, 1.0)
    assert found.served == pytest.approx(1 / 6)
    assert found.answered == pytest.approx(3 / 6)
    assert found.p99 == pytest.approx(0.599)


def test_a_window_in_which_nothing_was_due_says_so() -> None:
    found = seen([(0.5, 0.1, 200)]).window(1.0, 2.0)
    assert (found.offered, found.good, found.p99, found.served, found.answered) == (
        0.0,
        0.0,
        None,
        None,
        None,
    )


def test_a_window_of_the_critical_ones() -> None:
    found = seen([(0.1, 0.1, 200), (0.2, 0.0, 503), (0.3, 0.1, 200)], critical=(1, 2))
    assert found.window(0.0, 1.0, critical=True).served == 0.5


@pytest.mark.parametrize(
    ("rows", "took"),
    [
        (steady(0, 10, 100), 1.0),
        (steady(0, 3, 50) + steady(3, 10, 100), 3.9),
        (steady(0, 10, 90), None),
        (steady(0, 3, 100, took=0.7) + steady(3, 10, 100), 3.95),
    ],
)
def test_how_soon_a_rate_is_reached(rows: list[Any], took: float | None) -> None:
    found = seen(rows).reaches(95.0, 0.0, 10.0)
    assert found == (None if took is None else pytest.approx(took, abs=0.05))


@pytest.mark.parametrize(
    ("rows", "took"),
    [
        (steady(0, 10, 100), 0.0),
        (steady(0, 3, 100, status=503) + steady(3, 10, 100), 0.97),
        # one bad moment after it had been well again
        (steady(0, 5, 100) + steady(5, 5.5, 100, status=503) + steady(5.5, 10, 100), 3.47),
        (steady(0, 10, 100, took=0.6), None),
        (steady(0, 9.9, 100) + steady(9.9, 10, 100, status=503), None),
    ],
)
def test_how_soon_all_is_well_again(rows: list[Any], took: float | None) -> None:
    found = seen(rows).recovered(0.98, 2.0, 10.0)
    assert found == (None if took is None else pytest.approx(took, abs=0.05))


def test_nothing_due_is_no_recovery() -> None:
    assert seen([(0.0, 0.1, 200)]).recovered(0.98, 2.0, 10.0) is None


def test_the_dial_is_shared_and_a_hang_ends_by_itself(tmp_path: Path) -> None:
    mine, service = Dial(tmp_path / "dial"), Dial(tmp_path / "dial")
    assert service.read() == (AS_EVER.cpu, AS_EVER.awaited)
    mine.set(Work(cpu=0.004, awaited=0.2))
    assert service.read() == (0.004, 0.2)
    mine.hang(5.0)
    cpu, awaited = service.read()
    assert cpu == 0.004
    assert 0.2 < awaited <= 5.0
    mine.hang(-1.0)
    assert service.read() == (0.004, 0.2)


def test_burning_is_in_cpu_time() -> None:
    before = time.thread_time()
    burn(0.02)
    assert 0.02 <= time.thread_time() - before < 0.2


def test_the_semaphore_refuses_who_finds_no_room_and_gives_its_permits_back() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        if scope.get("fails"):
            raise OSError

    async def main() -> list[int]:
        statuses: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def receive() -> dict[str, str]:
            return {"type": "http.request"}

        held = Semaphore(app, 2)
        scopes = [{"type": "http", "fails": number == 0} for number in range(3)]
        await asyncio.gather(*(held(scope, receive, send) for scope in scopes), return_exceptions=True)
        refused = list(statuses)
        await asyncio.gather(held(scopes[1], receive, send), held(scopes[1], receive, send))
        assert statuses == refused
        return refused

    assert asyncio.run(main()) == [503]


def test_the_budget_is_one_and_what_is_not_known_is_seen(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text(budget("limit = 7"))
    loaded = load(tmp_path / "holdfast.toml").budget
    assert (loaded.admission.limit, loaded.objective.p99) == (7, OBJECTIVE)
    assert supported(["limit = 7"], tmp_path)
    assert not supported(["no-such-key = 7"], tmp_path)


def ask(port: int, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("name", [*PEERS, FLOOR])
def test_a_peer_serves_both_routes(name: str, tmp_path: Path) -> None:
    with Contenders(tmp_path, None).peer(name) as running:
        assert [ask(running.port, "GET", "/work"), ask(running.port, "POST", "/critical")] == [200, 200]
        assert running.limits() == []


def test_the_floor_refuses_whom_it_has_no_room_for(tmp_path: Path) -> None:
    with Contenders(tmp_path, None).peer(FLOOR) as running:
        running.dial.set(Work(cpu=0.0, awaited=2.0))
        found = Load(None).open(running.port, [(4.0 * TUNED, 0.5)])
    assert len(found.at) > TUNED
    assert (~found.answered).sum() == TUNED  # those inside, when the load ended


def test_the_held_service_is_driven_and_its_limit_is_told(tmp_path: Path) -> None:
    load = Load(None)
    with Contenders(tmp_path, None).held(["limit = 6"], workers=2) as running:
        assert running.limits() == [3, 3]
        window = load.closed(running.port, users=2, seconds=0.5).window(0.0, 0.5)
        assert window.good > 0
        halves = load.open(
            running.port,
            [(40.0, 1.0)],
            critical=0.5,
            changes=[(0.5, lambda: running.dial.set(Work(awaited=0.7)))],
        )
    assert halves.critical.any()
    assert not halves.critical.all()
    late = halves.latency[(halves.at > 0.5) & halves.admitted]
    assert len(late)
    assert late.max() > 0.7
    with pytest.raises(OSError, match="refused"):
        ask(running.port, "GET", "/work")


class Pretended(Load):
    """Serves `capacity` a second of whatever is offered, with a dip at ten times as much."""

    def __init__(self, capacity: float) -> None:
        super().__init__(None)
        self.capacity = capacity

    def closed(self, port: int, *, users: int, seconds: float) -> Seen:
        return seen(steady(0, seconds, self.capacity))

    def open(self, port: int, phases: Any, **_: Any) -> Seen:
        ((rate, seconds),) = phases
        good = min(rate, self.capacity) * (0.9 if rate > 5 * self.capacity else 1.0)
        return seen(sorted(steady(0, seconds, good) + steady(0, seconds, max(1, rate - good), status=503)))


def measured(tmp_path: Path, capacity: float = 100.0) -> Curve:
    @contextmanager
    def start() -> Iterator[Running]:
        yield Running(1, Dial(tmp_path / "dial"))

    curve = Curve("held", start, fresh=False)
    lengths = Lengths(load=4.0, skip=1.0, closed=3.0, closed_skip=0.5)
    curve.round(Pretended(capacity), (2.0, 5.0, 10.0), lengths)
    curve.round(Pretended(capacity * 2), (2.0, 5.0, 10.0), lengths)
    return curve


def test_goodput_is_a_share_of_the_peak_of_the_same_round(tmp_path: Path) -> None:
    curve = measured(tmp_path)
    assert curve.capacity == pytest.approx(150, rel=0.02)
    assert curve.goodput(2.0) == pytest.approx(1.0, abs=0.02)
    assert curve.goodput(10.0) == pytest.approx(0.9, abs=0.02)
    assert curve.goodput(25.0) is None
    assert curve.answered(5.0) == 1.0
    assert curve.p99(5.0) == pytest.approx(0.05)


def test_a_contender_that_serves_nobody_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="held serves nobody"):
        measured(tmp_path, capacity=0.0)


REQUIRED = {
    *(f"goodput_{times}x" for times in (2, 5, 10, 25, 50)),
    *("adaptive_worst", "p99_ms", "objective_ms", "high_priority", "recovery_s", "answered_1s"),
}


def test_the_last_line_has_every_figure_of_everybody_or_says_why_not(tmp_path: Path) -> None:
    found = {HELD: Found(measured(tmp_path), recovery_s=0.5), "peer": Found(measured(tmp_path))}
    found["peer"].reasons["recovery_s"] = "never"
    told = json.loads(document(found))
    for one in (told, told["peer"]):
        assert set(one) >= REQUIRED
        missing = {name for name in REQUIRED if one[name] is None}
        assert missing <= set(one["reasons"])
    assert told["recovery_s"] == 0.5
    assert told["peer"]["reasons"]["recovery_s"] == "never"
    assert told["goodput_10x"] == pytest.approx(0.9, abs=0.02)


def test_what_never_came_is_a_miss_and_what_was_not_measured_a_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Found(measured(tmp_path), recovery_s=None, stall_recovery_s=0.0, never={"recovery_s"})
    made = checks(one, expected=["goodput_2x", "goodput_10x"])
    lines = capsys.readouterr().out
    assert made == [True, False, True, True, None, False, True]
    assert "NO goodput at 10x" in lines
    assert "?  critical requests served at 10x: not measured" in lines
    assert "NO seconds to recover from 10x: inf" in lines
    show({HELD: one})
    assert "holdfast" in capsys.readouterr().out


def test_the_fine_grid_is_around_the_best_of_each_kind(tmp_path: Path) -> None:
    grid = Grid(Contenders(tmp_path, None), 1, 100.0, ShiftLengths())
    for kind, best in (("as ever", 16), ("awaited x 10", 128), ("CPU x 4", 16)):
        for limit in (8, 16, 64, 128):
            grid.found[kind][limit] = [100.0 if limit == best else 80.0]
    around = grid.around()
    assert list(around) == [10, 13, 16, 20, 25, 82, 102, 128, 160, 200]
    assert around[16] == ["as ever", "CPU x 4"]
    assert around[160] == ["awaited x 10"]
    grid.found["as ever"][20] = [90.0, 120.0, 110.0]
    assert grid.best("as ever", repeats=3) == (20, 110.0)


def test_the_adaptive_limit_is_judged_by_medians(tmp_path: Path) -> None:
    lengths = ShiftLengths(adaptive=10.0, adaptive_skip=5.0)
    shift = Shift(Contenders(tmp_path, None), 1, 100.0, lengths)
    slow = steady(0, 4, 50) + steady(4, 10, 100)
    shift.runs = [seen(steady(0, 10, 100)), seen(slow), seen(steady(0, 10, 80))]
    shift.good = [[100.0], [98.0], [80.0]]
    assert shift.share(0, 100.0) == pytest.approx(0.98)
    assert shift.seconds(0, 100.0) == pytest.approx(4.9, abs=0.1)
    shift.runs[1] = shift.runs[2]
    assert shift.seconds(0, 100.0) is None
