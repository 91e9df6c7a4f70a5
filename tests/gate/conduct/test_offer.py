"""What a run offers: phases from the budget, or a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holdfast.gate.conduct.offer import Derived, Recorded, Replay
from holdfast.gate.scenario import WARM_UP, scale
from tests.gate.verdict.made import budget

LINE = '1.2.3.4 - - [20/Nov/2026:10:00:{:02} +0000] "GET /item/{} HTTP/1.1" 200 5\n'


def test_the_derived_phases_follow_the_budgets_arrivals(tmp_path: Path) -> None:
    spike = 'arrivals = "constant"\nramp = "2s"\nspike = { times = 2.0, lasts = "1s", every = "4s" }\n'
    loaded = budget(tmp_path, ('request = [{ send = "GET /" }', f'{spike}request = [{{ send = "GET /" }}'))
    offer = Derived(loaded, 1, 8000, {}, ())
    at_scale = offer.scaled(scale(loaded.budget, workers=1, cores=1))
    planned, due = offer.load(at_scale, [])
    assert [phase.name for phase in planned] == ["warm-up", "steady", "overload", "after overload"]
    steady = planned[1]
    assert steady.rate > at_scale.driven  # the spikes are in it
    for number, phase in enumerate(planned):
        count = np.count_nonzero(due.phase_of() == number)
        assert count == pytest.approx(phase.rate * phase.seconds, abs=3)
    assert planned[3].rate > at_scale.driven  # down from the overload in two seconds


def test_a_recording_is_driven_behind_a_warm_up(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("".join(LINE.format(number // 20, number % 7) for number in range(600)))
    loaded = budget(tmp_path)
    offer = Recorded(loaded, Replay(log, 3.0), 1, 8000, {})
    assert {payload.name for payload in offer.requests.payloads} == {"GET /item/{n}"}
    at_scale = offer.scaled(scale(loaded.budget, workers=1, cores=1))
    assert at_scale.driven == pytest.approx(60, rel=0.1)
    assert at_scale.share == at_scale.driven / 100
    assert "at all of access.log, 3 times as fast: 6" in at_scale.statement
    planned, due = offer.load(at_scale, ["p"])
    assert [(phase.name, phase.kind) for phase in planned] == [("warm-up", "warmup"), ("replay", "steady")]
    assert all(phase.fault is None for phase in planned)
    assert np.count_nonzero(due.phase_of() == 1) == 600
    assert np.all(np.diff(due.at) >= 0)
    assert due.at[-1] < due.bounds[-1]
    assert due.bounds[1] == WARM_UP * 1e9
    assert due.at[due.phase_of() == 1][0] == due.bounds[1]
    sent = [offer.requests.payloads[number].data.split()[1] for number in due.request[-600:]]
    assert {f"/item/{number}".encode() for number in range(7)} == set(sent)
