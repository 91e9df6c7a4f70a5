from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.drive.records import Cause
from holdfast.gate.verdict import noise
from holdfast.gate.verdict.noise import STEAL_LIMIT, CpuTimes, lag_limit
from tests.gate.measure.made import Sent, records


def judged(
    requests: list[Sent], *, calm: list[bool] | None = None, steal: float = 0.0, bound: float | None = 0.3
) -> noise.Noise:
    mask = np.array([True] * len(requests) if calm is None else calm, dtype=bool)
    return noise.judge(records(requests), mask, steal=steal, bound=bound)


def test_a_driver_in_time_is_quiet() -> None:
    found = judged([Sent(t / 10, lag=0.001) for t in range(100)])
    assert (found.quiet, found.why) == (True, "")
    assert found.send_lag_p50 == pytest.approx(0.001)
    assert found.send_lag_p99 == pytest.approx(0.001)


def test_a_late_driver_is_noise_and_says_by_how_much() -> None:
    found = judged([Sent(t / 10, lag=0.045 if t % 10 == 0 else 0.0) for t in range(100)])
    assert not found.quiet
    assert "45.0 ms late" in found.why
    assert found.send_lag_p50 == 0.0


def test_lateness_outside_the_steady_phase_is_the_services_doing() -> None:
    late = [Sent(t / 10, lag=0.0 if t < 50 else 3.0) for t in range(100)]
    assert judged(late, calm=[t < 50 for t in range(100)]).quiet
    assert not judged(late).quiet


def test_what_was_never_sent_has_no_lateness() -> None:
    found = judged([Sent(0.0, status=Cause.NOT_SENT), Sent(0.1)])
    assert found.quiet
    assert judged([Sent(0.0, status=Cause.NOT_SENT)]).send_lag_p99 == 0.0
    assert judged([]).quiet


def test_stolen_time_is_noise() -> None:
    assert judged([Sent(0.0)], steal=STEAL_LIMIT).quiet
    found = judged([Sent(0.0)], steal=0.25)
    assert (found.quiet, found.steal) == (False, 0.25)
    assert "25%" in found.why
    both = judged([Sent(0.0, lag=1.0)], steal=0.25)
    assert both.why.count(";") == 1


def test_a_shared_core_is_noise() -> None:
    found = noise.judge(records([Sent(0.0)]), np.array([True]), steal=0.0, bound=0.3, shared=True)
    assert (found.quiet, found.why) == (False, "the driver and the service share the only core")


@pytest.mark.parametrize(
    ("bound", "limit"), [(None, 0.05), (0.3, 0.03), (2.0, 0.2), (0.02, 0.002), (0.001, 0.002)]
)
def test_the_limit_is_a_tenth_of_the_tightest_objective(bound: float | None, limit: float) -> None:
    assert lag_limit(bound) == pytest.approx(limit)


@given(st.floats(1e-6, 100), st.floats(1e-6, 100))
def test_a_looser_objective_never_makes_the_driver_stricter(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert lag_limit(low) <= lag_limit(high)


def test_stolen_time_is_the_share_since_construction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = tmp_path / "stat"
    monkeypatch.setattr(noise, "Path", lambda _: stat)
    # cpu user nice system idle iowait irq softirq steal guest guest_nice; guests are in user already
    stat.write_text("cpu  100 0 100 700 0 0 0 100 50 0\ncpu0 1 1\n")
    times = CpuTimes()
    assert times.steal() == 0.0, "no time has passed"
    stat.write_text("cpu  150 0 100 720 0 0 0 130 99 0\ncpu0 1 1\n")
    assert times.steal() == pytest.approx(0.3)


def test_without_a_table_of_times_nothing_is_stolen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "Path", lambda _: tmp_path / "none")
    assert CpuTimes().steal() == 0.0
