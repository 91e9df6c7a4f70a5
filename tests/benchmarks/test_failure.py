"""The failure benchmark: what it does, and what it reads from records and counts."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.failure import __main__ as failure
from benchmarks.failure.measure import Left, left, stuck
from benchmarks.failure.plan import FAULTS, FULL, QUICK, STEADY, after, named, phases
from benchmarks.stretch import Stretch
from holdfast.gate.drive.records import Outcome, Records
from holdfast.gate.fault.counts import Counts
from holdfast.gate.measure import Run
from holdfast.gate.result import Phase

TRAFFIC: Any = [
    SimpleNamespace(send="GET /products/{1..500}", needs=("db",)),
    SimpleNamespace(send="GET /list", needs=("db",)),
    SimpleNamespace(send="POST /orders", needs=("db", "payments")),
]
ROUTES = ("GET /products/{n}", "GET /list", "POST /orders")
SLI: Any = SimpleNamespace(bad=("5xx",), excluded=("4xx",), degraded="good")

Answer = tuple[float, int, float]
"""When it was due, its route's position, its status; a negative status is no answer."""


def stretch(
    failing: Sequence[tuple[float, int, int, float]],
    healed: Sequence[tuple[float, int, int, float]] = (),
    *,
    dependency: str = "payments",
    calls: tuple[int, int] = (100, 100),
) -> Stretch:
    """Return 10 s of good requests, a fault of 10 s and 7 s after it; a request is (at, route, status, took).

    `calls`: seen in the steady phase, and while it failed. In the steady phase 100 requests of each route.
    """
    steady = [(at / 10, route, 200, 0.01) for at in range(100) for route in range(3)]
    rows = sorted(
        [*steady, *((10 + at, *rest) for at, *rest in failing), *((20 + at, *rest) for at, *rest in healed)]
    )
    at = np.array([round(row[0] * 1e9) for row in rows], dtype=np.int64)
    took = np.array([round(row[3] * 1e9) for row in rows], dtype=np.int64)
    degraded = np.array([Outcome.DEGRADED if row[2] == 202 else 0 for row in rows], dtype=np.uint8)
    records = Records(
        at=at,
        request=np.array([row[1] for row in rows], dtype=np.int32),
        sent=at,
        done=at + took,
        status=np.array([row[2] for row in rows], dtype=np.int16),
        outcome=degraded,
        start_ns=1,
        cpu_s=0.1,
    )
    run = Run(records, ROUTES, {"GET /list": 0.3, "POST /orders": 0.8, "GET /products/{n}": 0.3}, SLI)
    word = named(dependency, "reset")
    edges = [(STEADY, 0.0, 10.0), (word, 10.0, 20.0), (after(word), 20.0, 27.0)]
    views = tuple(
        Phase(name, "steady", start, end, 80.0, 0, 0, 0.0, {}, SimpleNamespace(), {}, None)  # type: ignore[arg-type]
        for name, start, end in edges
    )
    seen = [0, calls[0], calls[0] + calls[1], calls[0] + calls[1]]
    counts = tuple({dependency: Counts(0, number, 0, 0, 0, 0)} for number in seen)
    return Stretch(run, views, counts, "")


def one(found: Stretch, dependency: str = "payments") -> Left:
    [only] = left(found, TRAFFIC, {dependency: ["reset"]})
    return only


def test_goodput_is_of_those_that_do_not_need_it() -> None:
    failing = [(1.0, 2, 503, 0.01), (1.1, 1, 200, 0.01), (1.2, 0, 200, 0.01), (1.3, 1, 200, 0.5)]
    assert one(stretch(failing)).goodput == pytest.approx(2 / 3)  # one of them was late


def test_what_is_cached_does_not_need_the_database() -> None:
    failing = [(1.0, 0, 503, 0.01), (1.1, 0, 200, 0.01), (1.2, 1, 503, 0.01), (1.3, 2, 503, 0.01)]
    assert one(stretch(failing, dependency="db"), "db").goodput == 0.5


def test_in_time_is_any_answer_and_none_is_not() -> None:
    failing = [(1.0, 2, 503, 0.01), (1.1, 2, 200, 0.9), (1.2, 1, 200, 0.01), (1.3, 0, -3, 0.01)]
    assert one(stretch(failing)).in_time == 0.5


def test_amplification_is_against_what_the_same_requests_took_before() -> None:
    failing = [(at / 10, 2, 503, 0.01) for at in range(100)]
    assert one(stretch(failing, calls=(100, 118))).amplification == pytest.approx(1.18)
    assert one(stretch(failing, calls=(300, 360))).amplification == pytest.approx(1.2)
    assert one(stretch(failing, calls=(0, 10))).amplification is None
    assert one(stretch(failing)).calls == 10.0


def test_a_dependency_that_only_a_cache_calls_has_no_amplification() -> None:
    failing = [(1.0, 0, 200, 0.01)]
    assert one(stretch(failing, dependency="redis"), "redis").amplification is None


def test_back_is_who_answers_without_degrading() -> None:
    failing = [(1.0, 2, 202, 0.01)]
    healed = [(at / 10, 2, 202 if at < 15 else 200, 0.01) for at in range(70)]
    found = one(stretch(failing, healed))
    assert found.recovery is not None
    assert 1.0 < found.recovery <= 1.5
    assert one(stretch(failing, [(at / 10, 2, 202, 0.01) for at in range(70)])).recovery is None


def test_what_is_still_held_is_told() -> None:
    metrics = (
        "# TYPE holdfast_pool_taken gauge\n"
        'holdfast_pool_taken{dependency="db",worker="0"} 1.0\n'
        'holdfast_in_flight{worker="0"} 0.0\n'
        'holdfast_pool_size{dependency="db",worker="0"} 4.0\n'
    )
    assert stuck(metrics) == ['holdfast_pool_taken{dependency="db",worker="0"} 1.0']


def test_each_dependency_fails_in_each_way_and_may_come_back() -> None:
    planned = list(phases(FULL, FULL.held, 80.0))
    assert [phase.name for phase in planned[:2]] == ["warm-up", STEADY]
    pairs = list(zip(planned[2::2], planned[3::2], strict=True))
    assert {(broken.dependency, broken.name.split()[1]) for broken, _ in pairs} == {
        (dependency, fault) for dependency in ("payments", "db", "redis") for fault in FAULTS
    }
    for broken, mended in pairs:
        assert broken.fault is not None
        assert (mended.fault, mended.name) == (None, after(broken.name))
        assert mended.seconds > failure._RECOVERY
    assert {phase.rate for phase in planned} == {80.0}


def test_a_quick_run_fails_each_dependency_within_a_minute() -> None:
    held, peer = (list(phases(QUICK, done, 80.0)) for done in (QUICK.held, QUICK.peer))
    assert {phase.dependency for phase in held} - {""} == {"payments", "db", "redis"}
    assert sum(phase.seconds for phase in [*held, *peer]) < 50
