"""Whole gates on a tiny service, once held and once with naive retries, judged by what they wrote."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from itertools import pairwise

import pytest

from holdfast.gate.measure.latency import QUANTILES, supported
from holdfast.gate.measure.ledger import UNSEEN
from holdfast.gate.result import Latency, Phase
from tests.cli.gates import Gates
from tests.cli.whole import Gated

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def both(gates: Gates) -> dict[str, Gated]:
    return gates.results(gates.whole)


@pytest.fixture(params=["held", "bare"])
def either(request: pytest.FixtureRequest, both: dict[str, Gated]) -> Gated:
    return both[request.param]


@pytest.fixture
def held(both: dict[str, Gated]) -> Gated:
    return both["held"]


@pytest.fixture
def bare(both: dict[str, Gated]) -> Gated:
    return both["bare"]


def test_a_service_that_holds_may_ship(held: Gated) -> None:
    assert held.ended.code == 0, held.result.verdict.summary
    assert held.result.verdict.outcome == "pass"
    assert held.ended.stderr == ""
    assert {judgement.outcome for judgement in held.result.judgements} == {"pass"}
    assert held.result.reasons == []


def test_a_service_with_naive_retries_may_not(bare: Gated) -> None:
    assert bare.ended.code == 1
    assert (bare.result.verdict.outcome, bare.result.verdict.exit_code) == ("fail", 1)
    for path in ("objective.without.entries", "dependency.entries.retry.budget"):
        assert "fail" in {judgement.outcome for judgement in bare.judged(path)}
    assert any("multiplied" in reason.title for reason in bare.result.reasons)


def test_the_exit_code_is_the_verdicts(either: Gated) -> None:
    assert either.ended.code == either.result.verdict.exit_code
    assert either.ended.stderr == ""
    assert "Traceback" not in either.ended.stdout


def test_nothing_is_left(either: Gated) -> None:
    assert either.left == []
    assert either.scratch == []


def test_the_ledger_balances(either: Gated) -> None:
    ledger = either.result.ledger
    assert ledger.balanced, ledger.problems
    assert ledger.not_sent == 0
    parts = ledger.served + ledger.refused + ledger.shed + ledger.failed
    assert parts + ledger.cancelled + ledger.never_accepted == ledger.sent == ledger.scheduled
    assert ledger.scheduled == sum(phase.offered for phase in either.result.phases)


def test_outcomes_add_up_in_each_phase(either: Gated) -> None:
    for phase in either.result.phases:
        assert sum(phase.outcomes.values()) == phase.offered, phase.name
        assert 0 <= phase.good <= phase.offered
        assert phase.goodput == pytest.approx(phase.good / (phase.end - phase.start))


def test_phases_follow_one_another_and_each_fault_is_told(either: Gated) -> None:
    phases = either.result.phases
    assert [phase.kind for phase in phases[:2]] == ["warmup", "steady"]
    assert all(before.end == after.start for before, after in pairwise(phases))
    faults = {phase.fault.kind: phase for phase in phases if phase.fault is not None}
    assert set(faults) == {"slow", "reset"}
    assert all(phase.fault is None for phase in phases if phase.kind != "fault")
    for phase in faults.values():
        assert phase.fault is not None
        assert phase.fault.dependency == "entries"
    assert either.phase("overload").rate == 500.0
    assert either.phase("steady").end - either.phase("steady").start == 12.0
    assert [r.after for r in either.result.recoveries] == [
        phase.name for phase in phases if phase.kind in ("fault", "overload")
    ]


def test_a_fault_reached_the_service(bare: Gated, held: Gated) -> None:
    """Without a guard the same requests fail that do without when held."""
    for kind in ("reset", "slow"):
        name = f"entries {kind}"
        assert bare.phase(name).good < 0.9 * bare.phase(name).offered
        assert held.phase(name).good > 0.9 * held.phase(name).offered


def test_what_the_service_attempted_is_what_was_seen(held: Gated) -> None:
    (entries,) = held.result.dependencies
    assert (entries.name, entries.kind, entries.proxied, entries.wired) == ("entries", "http", True, True)
    assert entries.attempted is not None
    # An attempt whose time is over before its connection stands never becomes a call.
    assert 0 <= entries.attempted - entries.seen <= max(2, UNSEEN * entries.attempted)
    assert entries.seen > 100
    assert (entries.direct, entries.why) == (0, "")


def test_amplification_is_calls_for_each_request_that_needs_them(both: dict[str, Gated]) -> None:
    (held,), (bare,) = (each.result.dependencies for each in both.values())
    assert held.amplification is not None
    assert held.amplification <= 1.2
    assert bare.amplification is not None
    assert bare.amplification > 2.0, "three attempts, none of them bounded"
    assert bare.attempted is None, "who is not held does not say"
    for each, name in ((held, "held"), (bare, "bare")):
        assert each.amplification_phase in {p.name for p in both[name].result.phases if p.fault}
        assert each.needed


def test_refusals_say_when_to_come_back(held: Gated) -> None:
    judged = held.judged("gate.retry_after")
    assert len(judged) == (1 if held.result.ledger.refused else 0)
    assert all(judgement.measured == 0 for judgement in judged)


def latencies(phase: Phase) -> list[Latency]:
    return [phase.latency, *phase.routes.values()]


def test_percentiles_only_where_the_sample_supports_them(either: Gated) -> None:
    for phase in either.result.phases:
        for latency in latencies(phase):
            wanted = {name for name, q in QUANTILES.items() if supported(latency.count, q)}
            assert set(latency.percentiles) == wanted, phase.name
            ascending = [latency.percentiles[name] for name in QUANTILES if name in wanted]
            assert ascending == sorted(ascending)
    assert "p99" in either.phase("steady").latency.percentiles
    assert "p99.9" not in either.phase("steady").latency.percentiles


def test_routes_are_those_of_the_traffic(either: Gated) -> None:
    assert set(either.phase("steady").routes) == {"GET /items/{n}", "POST /entries"}


def test_every_number_says_where_it_was_decided(either: Gated) -> None:
    for judgement in either.result.judgements:
        if not judgement.id.startswith("gate."):
            assert re.fullmatch(r"holdfast\.toml:\d+", judgement.place), judgement
            assert judgement.source == "numbers.md#numbers"
        assert judgement.why


def test_the_scale_is_stated(either: Gated) -> None:
    scale = either.result.scale
    assert (scale.workers, scale.replicas, scale.peak, scale.driven, scale.share) == (1, 1, 100, 100, 1)
    assert scale.statement.startswith("one replica with 1 worker on ")
    assert scale.statement.endswith("at 100 requests/s: 100% of the peak of 100/s")
    assert " ".join(scale.statement.split()) in " ".join(either.ended.stdout.split())


def test_it_says_how_to_run_it_again(held: Gated) -> None:
    words = shlex.split(held.result.reproduce)
    faults = ["--fault", "reset", "--fault", "slow"]
    assert words == ["holdfast", "gate", "app:app", "--budget", "holdfast.toml", "--seed", "7", *faults]
    assert held.result.reproduce in held.ended.stdout


def test_the_json_is_the_document(either: Gated) -> None:
    data = dataclasses.asdict(either.result)
    assert (data["schema"], data["version"]) == ("holdfast.gate", 1)
    assert json.loads(json.dumps(data, allow_nan=False)) == json.loads(json.dumps(either.result.document()))
    length = len(either.result.series.t)
    for name in ("offered", "good", "refused", "failed", "p50", "p99"):
        assert len(getattr(either.result.series, name)) == length
    step = either.result.series.step
    assert sum(either.result.series.offered) * step == pytest.approx(either.result.ledger.scheduled)


def test_the_page_stands_alone(either: Gated) -> None:
    assert either.page.startswith("<!doctype html>") or either.page.startswith("<!DOCTYPE html>")
    assert "<svg" in either.page
    assert not re.search(r'(?:src|href)="https?://', either.page), "it opens without a network"
    assert "tiny" in either.page


def test_the_terminal_was_told_as_it_went(either: Gated) -> None:
    said = either.ended.stdout
    order = ["wiring the dependencies", "starting app:app", "warm-up: 4 s", "steady: 12 s", "overload: 6 s"]
    assert [said.index(words) for words in order] == sorted(said.index(words) for words in order)
    assert "stopping the service" in said
    assert "gate.html" in said
    assert "\x1b" not in said


def test_machine_and_moment_are_told(either: Gated) -> None:
    assert either.result.machine.cores >= 1
    assert "fastapi" in either.result.machine.versions
    assert either.result.duration > 40
    assert either.result.started.endswith("+00:00")
