"""The one result, from records made by hand: a service that goes bad while its dependency fails."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from holdfast.budget import Loaded
from holdfast.gate.conduct import Options
from holdfast.gate.conduct.assembly import assemble
from holdfast.gate.conduct.dependencies import Wired
from holdfast.gate.conduct.raw import Raw
from holdfast.gate.conduct.watcher import Watcher
from holdfast.gate.drive.records import Cause, Outcome
from holdfast.gate.fault.counts import Counts
from holdfast.gate.fault.kinds import Slow
from holdfast.gate.fault.proxy import Proxy
from holdfast.gate.launch.service import Service
from holdfast.gate.report.document import load
from holdfast.gate.result import GateResult
from holdfast.gate.scenario import PlannedPhase, scale
from tests.gate.measure.made import Sent, records
from tests.gate.verdict.made import budget, one

PLANNED = [
    PlannedPhase("warm-up", "warmup", 2.0, 10.0),
    PlannedPhase("steady", "steady", 10.0, 30.0),
    PlannedPhase("p slow", "fault", 4.0, 30.0, "p", Slow(2.0)),
    PlannedPhase("after p slow", "recovery", 6.0, 30.0),
    PlannedPhase("overload", "overload", 4.0, 500.0),
    PlannedPhase("after overload", "recovery", 6.0, 30.0),
]
EDGES = [0.0, 2.0, 12.0, 16.0, 22.0, 26.0, 32.0]
NAMES = ["GET /", "GET /slow", "GET /slow"]


def traffic(*, bad: Sequence[str] = (), how: Sent | None = None) -> list[Sent]:
    """Return the schedule, every third request to /slow, all as `how` says in the `bad` phases."""
    how = how or Sent(0.0, status=500)
    found = []
    for phase, start in zip(PLANNED, EDGES, strict=False):
        for number in range(int(phase.seconds * phase.rate)):
            at, payload = start + number / phase.rate, number % 3
            if phase.name in bad:
                sent = Sent(at, how.took, how.status, how.outcome, how.retry_after, payload)
            else:
                sent = Sent(at, payload=payload)
            found.append(sent)
    return found


def counts(*calls: int, connections: int = 3) -> list[dict[str, Counts]]:
    return [{"p": Counts(connections if n else 0, n, 0, 0, 0, 0)} for n in calls]


def raw(loaded: Loaded, requests: list[Sent], *, seen: Sequence[int] | None = None, **changes: Any) -> Raw:
    watcher = Watcher(cast("Service", None), {"p": [("127.0.0.1", 1)]}, lambda _: None)
    watcher.state = {
        "workers": [{"state": "serving", "in_flight": 3}],
        "dependencies": [{"name": "p", "attempts": 700}],
        "stalls": [],
    }
    snapshots = counts(*(seen or (0, 14, 200, 296, 400, 650, 700)))
    fields: dict[str, Any] = {
        "records": records(requests),
        "names": NAMES,
        "planned": PLANNED,
        "edges": EDGES,
        "scale": scale(loaded.budget, workers=1, cores=1.0),
        "wired": [Wired("p", "http", cast("Proxy", object()), "")],
        "counts": snapshots,
        "watcher": watcher,
        "steal": 0.0,
        "shared": False,
        "started": datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC),
        "duration": 33.3,
    }
    return Raw(**(fields | changes))


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return budget(tmp_path)


def made(loaded: Loaded, requests: list[Sent], **changes: Any) -> GateResult:
    return assemble(loaded, Options("app:app", 5), raw(loaded, requests, **changes))


def test_a_service_that_holds(loaded: Loaded) -> None:
    result = made(loaded, traffic())
    assert (result.verdict.outcome, result.verdict.exit_code) == ("pass", 0), result.verdict.summary
    assert (result.app, result.service, result.seed) == ("app:app", "app:app", 5)
    assert result.started == "2026-11-20T12:00:00+00:00"
    assert "--seed 5" in result.reproduce
    assert [(p.name, p.start, p.end) for p in result.phases] == [
        (planned.name, start, end) for planned, start, end in zip(PLANNED, EDGES, EDGES[1:], strict=False)
    ]
    assert [p.offered for p in result.phases] == [20, 300, 120, 180, 2000, 180]
    assert all(p.good == p.offered for p in result.phases)
    assert result.ledger.balanced
    assert result.ledger.sent == result.ledger.served == 2800
    assert [(r.after, r.at, r.seconds) for r in result.recoveries] == [
        ("p slow", 16.0, 0.0),
        ("overload", 26.0, 0.0),
    ]
    assert result.reasons == []
    fault = result.phases[2].fault
    assert fault is not None
    assert (fault.dependency, fault.kind, fault.detail) == ("p", "slow", "every answer 2 s late")


def test_a_shared_core_is_told(loaded: Loaded) -> None:
    assert made(loaded, traffic()).noise.quiet
    assert "the only core" in made(loaded, traffic(), shared=True).noise.why


def test_the_document_can_be_written_and_read(loaded: Loaded, tmp_path: Path) -> None:
    result = made(loaded, traffic(bad=["overload"], how=Sent(0, status=Cause.TIMEOUT, took=9.0)))
    result.write(tmp_path / "gate.json")
    assert json.loads((tmp_path / "gate.json").read_text())["schema"] == "holdfast.gate"
    assert load(tmp_path / "gate.json").document() == json.loads(json.dumps(result.document()))


def test_amplification_counts_only_requests_that_need_the_dependency(loaded: Loaded) -> None:
    (found,) = made(loaded, traffic()).dependencies
    # 120 requests in the fault phase, two in three of them to /slow; 296 - 200 calls
    assert (found.needed, found.seen, found.attempted) == (80, 700, 700)
    assert found.amplification == pytest.approx(96 / 80)
    assert found.amplification_phase == "p slow"
    assert found.wired


def test_retries_beyond_the_budget_fail_it(loaded: Loaded) -> None:
    result = made(loaded, traffic(), seen=(0, 14, 200, 440, 500, 650, 700))
    assert one(result.judgements, "dependency.p.retry.budget").outcome == "fail"
    assert (result.verdict.exit_code, result.dependencies[0].amplification) == (1, 3.0)
    assert any("multiplied" in reason.title for reason in result.reasons)


def test_a_fault_takes_too_much_with_it(loaded: Loaded) -> None:
    result = made(loaded, traffic(bad=["p slow"]))
    found = one(result.judgements, "objective.without.p")
    assert (found.outcome, found.measured) == ("fail", 0.0)
    assert result.verdict.exit_code == 1
    assert result.ledger.failed == 120


def test_no_recovery_within_what_was_promised(loaded: Loaded) -> None:
    result = made(loaded, traffic(bad=["overload", "after overload"]))
    assert [r.seconds for r in result.recoveries] == [0.0, None]
    outcomes = [j.outcome for j in result.judgements if j.id == "objective.recovery"]
    assert outcomes == ["pass", "fail"]


def test_what_was_never_good_has_not_recovered(loaded: Loaded) -> None:
    result = made(loaded, traffic(bad=[phase.name for phase in PLANNED]))
    assert [r.seconds for r in result.recoveries] == [None, None]


def test_refusals_are_booked_and_goodput_is_what_was_good_in_time(loaded: Loaded) -> None:
    shed = Sent(0.0, status=503, outcome=Outcome.SHED, retry_after=True)
    result = made(loaded, traffic(bad=["overload"], how=shed))
    assert (result.ledger.refused, result.ledger.served) == (2000, 800)
    assert result.phases[4].goodput == 0.0
    assert one(result.judgements, "objective.throughput").outcome == "fail"
    assert one(result.judgements, "gate.retry_after").outcome == "pass"
    assert result.phases[4].latency.count == 0


def test_what_the_driver_did_not_send_leaves_it_undecided(loaded: Loaded) -> None:
    result = made(loaded, traffic(bad=["overload"], how=Sent(0.0, status=Cause.NOT_SENT)))
    assert (result.verdict.outcome, result.verdict.exit_code) == ("cannot tell", 5)
    assert "did not send 2000 of 2800" in result.verdict.summary


def test_a_route_is_good_by_its_own_promise(loaded: Loaded) -> None:
    result = made(loaded, [Sent(s.at, took=0.4, payload=s.payload) for s in traffic()])
    # /slow promises its median only: good until the deadline, which is none; all else within 300 ms
    assert result.phases[1].good == 200
    assert one(result.judgements, "objective.p99").outcome == "fail"


@pytest.mark.parametrize(
    ("direct", "unproven", "why"),
    [(2, "", "past the proxy"), (0, "not on this system", "not on this system")],
)
def test_faults_without_proof_decide_nothing(loaded: Loaded, direct: int, unproven: str, why: str) -> None:
    made_ = raw(loaded, traffic())
    made_.watcher.direct["p"] = direct
    made_.watcher.unproven = unproven
    result = assemble(loaded, Options("app:app"), made_)
    assert why in result.dependencies[0].why
    assert (result.verdict.outcome, result.verdict.exit_code) == ("cannot tell", 5)
    assert one(result.judgements, "objective.without.p").outcome == "cannot tell"
    assert one(result.judgements, "dependency.p.retry.budget").outcome == "cannot tell"


def test_the_proxy_saw_more_than_the_service_attempted(loaded: Loaded) -> None:
    made_ = raw(loaded, traffic())
    made_.watcher.state["dependencies"][0]["attempts"] = 699
    result = assemble(loaded, Options("app:app"), made_)
    assert result.verdict.exit_code == 5
    assert "p: 699 calls attempted, 700 seen at the proxy" in result.verdict.summary


@pytest.mark.parametrize(("attempts", "code"), [(700, 0), (714, 0), (715, 5), (1400, 5)])
def test_calls_that_never_reached_the_proxy_unbalance_the_books(
    loaded: Loaded, attempts: int, code: int
) -> None:
    made_ = raw(loaded, traffic())
    made_.watcher.state["dependencies"][0]["attempts"] = attempts
    result = assemble(loaded, Options("app:app"), made_)
    assert result.verdict.exit_code == code
    assert result.ledger.balanced == (code == 0)


def test_a_service_that_does_not_say_what_it_attempted(loaded: Loaded) -> None:
    made_ = raw(loaded, traffic())
    made_.watcher.state["dependencies"] = []
    result = assemble(loaded, Options("app:app"), made_)
    assert (result.dependencies[0].attempted, result.dependencies[0].seen) == (None, 700)
    assert result.verdict.exit_code == 0


def test_a_dependency_without_a_proxy_is_named(loaded: Loaded) -> None:
    result = made(
        loaded,
        traffic(),
        wired=[Wired("p", "sqlite", None, "a file")],
        planned=[p for p in PLANNED if p.kind != "fault"],
        edges=[0.0, 2.0, 12.0, 22.0, 26.0, 32.0],
    )
    (found,) = result.dependencies
    assert (found.proxied, found.wired, found.why) == (False, False, "a file")
    for path in ("objective.without.p", "dependency.p.retry.budget"):
        assert one(result.judgements, path).outcome == "cannot tell"
    assert result.verdict.exit_code == 5


def test_where_no_request_says_what_it_needs_retries_cannot_be_judged(tmp_path: Path) -> None:
    """A rule that was not judged must not read as one that held."""
    unsaid = budget(tmp_path, (', needs = ["p"]', ""))
    result = made(unsaid, traffic())
    found = one(result.judgements, "dependency.p.retry.budget")
    assert found.outcome == "cannot tell"
    assert "needs" in found.why
    assert result.verdict.exit_code == 5


def test_noise_is_that_of_the_steady_phase(loaded: Loaded) -> None:
    requests = [
        Sent(s.at, payload=s.payload, lag=1.0 if EDGES[4] <= s.at < EDGES[5] else 0.001) for s in traffic()
    ]
    assert made(loaded, requests).noise.quiet
    stolen = made(loaded, requests, steal=0.5)
    assert not stolen.noise.quiet


def test_stalls_are_sorted_and_their_line_is_a_reason(loaded: Loaded) -> None:
    made_ = raw(loaded, traffic(bad=["overload"]))
    row = {"file": "a.py", "line": 3, "function": "f", "sink": "time.sleep", "route": "GET /slow"}
    row |= {"count": 2, "total": 1.0, "longest": 0.6, "victims": 9, "more": "is passed over"}
    made_.watcher.state["stalls"] = [row, row | {"file": "b.py", "total": 4.0}]
    result = assemble(loaded, Options("app:app"), made_)
    assert [stall.file for stall in result.stalls] == ["b.py", "a.py"]
    assert [reason.place for reason in result.reasons[:2]] == ["b.py:3", "a.py:3"]


def test_after_a_worker_was_killed_nobody_knows_what_was_attempted(loaded: Loaded) -> None:
    made_ = raw(loaded, traffic())
    made_.watcher.state |= {"restarts": 1}
    assert assemble(loaded, Options("app:app"), made_).dependencies[0].attempted is None


def test_a_loop_without_cpu_is_no_stall_of_the_service(loaded: Loaded) -> None:
    made_ = raw(loaded, traffic(bad=["overload"]))
    row = {"file": "", "line": 0, "function": "", "sink": "", "route": ""}
    row |= {"count": 2, "total": 3.5, "longest": 3.0, "victims": 9}
    made_.watcher.state["stalls"] = [row]
    result = assemble(loaded, Options("app:app"), made_)
    assert (result.stalls, result.noise.starved) == ([], 3.5)
    assert not any("stood still" in reason.title for reason in result.reasons)
