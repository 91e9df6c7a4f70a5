from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.gate.drive.records import Cause, Outcome
from holdfast.gate.verdict.objectives import judge
from tests.gate.measure.made import Sent
from tests.gate.verdict.made import NOISY, budget, evidence, line_of, one

P99 = "objective.p99"


def every(n: int, took: float = 0.01, late: int = 0, **more: object) -> list[Sent]:
    """n requests over ten seconds, the first `late` of them a second late."""
    return [Sent(t * 10 / n, took=1.0 if t < late else took, **more) for t in range(n)]  # type: ignore[arg-type]


def test_a_promise_that_held(tmp_path: Path) -> None:
    loaded = budget(tmp_path)
    found = one(judge(evidence(loaded, every(1000))), P99)
    assert (found.outcome, found.required, found.unit, found.better) == ("pass", 0.3, "s", "lower")
    assert found.measured == pytest.approx(0.01)
    assert found.why == "0 of 1000 took longer than 300ms"
    assert found.phase == "steady"
    assert found.place == line_of(loaded, "p99")
    assert found.source == "numbers.md#numbers"


def test_a_promise_that_did_not(tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), every(1000, late=30))), P99)
    assert (found.outcome, found.measured) == ("fail", 1.0)
    assert found.why == "30 of 1000 took longer than 300ms"


def test_a_promise_can_be_decided_before_its_percentile_can_be_shown(tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), every(299))), P99)
    assert (found.outcome, found.measured) == ("pass", None)


def test_too_few_to_tell_and_what_it_takes(tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), every(298))), P99)
    assert found.outcome == "cannot tell"
    assert "it takes 299 requests" in found.why
    found = one(judge(evidence(budget(tmp_path), every(300, late=2))), P99)
    assert found.outcome == "cannot tell"
    assert "it takes 628 requests" in found.why, "with two late ones"


def test_an_error_is_no_latency(tmp_path: Path) -> None:
    """Half the answers fail fast: those that were good are late."""
    requests = [*every(100, took=1.0), *every(900, took=0.001, status=500), *every(300, status=404)]
    found = one(judge(evidence(budget(tmp_path), requests)), P99)
    assert (found.outcome, found.why) == ("fail", "100 of 100 took longer than 300ms")


def test_exactly_the_bound_is_in_time(tmp_path: Path) -> None:
    assert one(judge(evidence(budget(tmp_path), every(299, took=0.3))), P99).outcome == "pass"


def test_a_late_answer_is_late_also_when_the_driver_sent_it_late(tmp_path: Path) -> None:
    """Latency counts from the intended start; what the driver loses must not become a pass."""
    found = one(judge(evidence(budget(tmp_path), every(299, took=1.0, lag=0.99), noise=NOISY)), P99)
    assert found.outcome == "cannot tell"
    assert "299 of 299" in found.why
    assert "the driver was late" in found.why


def test_noise_does_not_spoil_a_pass(tmp_path: Path) -> None:
    assert one(judge(evidence(budget(tmp_path), every(299), noise=NOISY)), P99).outcome == "pass"


def test_no_answer_is_later_than_any_bound(tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), every(299, status=Cause.TIMEOUT, took=9.0))), P99)
    assert (found.outcome, found.measured) == ("fail", None)


def test_a_refusal_is_no_latency(tmp_path: Path) -> None:
    refused = every(100, took=1.0, status=503, outcome=Outcome.SHED)
    found = one(judge(evidence(budget(tmp_path), [*every(299), *refused])), P99)
    assert (found.outcome, found.why) == ("pass", "0 of 299 took longer than 300ms")


def test_only_the_steady_phase_counts(tmp_path: Path) -> None:
    stretches = [(0.0, 10.0, "warmup"), (10.0, 20.0, "steady"), (20.0, 30.0, "overload")]
    requests = [Sent(t / 10, took=0.01 if 100 <= t < 200 else 1.0) for t in range(300)]
    found = one(judge(evidence(budget(tmp_path), requests, stretches=stretches)), P99)
    assert "0 of 100 took longer" in found.why


def test_each_route_has_its_own_promise(tmp_path: Path) -> None:
    loaded = budget(tmp_path)
    path = 'objective.route."GET /slow".p50'
    slow = [Sent(t / 10, took=0.4, payload=1) for t in range(20)]
    found = one(judge(evidence(loaded, [*every(20), *slow])), path)
    assert (found.outcome, found.required) == ("pass", 0.5)
    assert "0 of 20" in found.why
    assert found.place == line_of(loaded, 'route."GET /slow"')
    slower = [Sent(t / 10, took=0.6, payload=1) for t in range(20)]
    assert one(judge(evidence(loaded, [*every(20), *slower])), path).outcome == "fail"


def test_a_route_that_nobody_calls_is_not_told_of(tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), every(299))), 'objective.route."GET /slow".p50')
    assert found.outcome == "cannot tell"
    assert found.why == "no good answer on this route"
    assert found.measured is None


def test_a_missing_p99_is_asked_for_and_other_percentiles_are_not(tmp_path: Path) -> None:
    loaded = budget(tmp_path, ('p50 = "100ms"\np99 = "300ms"\n', ""))
    found = judge(evidence(loaded, every(299)))
    missing = one(found, P99)
    assert (missing.outcome, missing.required) == ("missing", None)
    assert "holdfast plan" in missing.why
    assert not [each for each in found if each.id in ("objective.p50", "objective.p95", "objective.p999")]


def test_a_deferred_number_is_not_judged(tmp_path: Path) -> None:
    deferral = '[deferred]\n"objective.p99" = { reason = "no users", owner = "us", until = "2999-01-01" }\n'
    loaded = budget(tmp_path, ('p99 = "300ms"\n', ""), ("[source]", deferral + "[source]"))
    found = one(judge(evidence(loaded, every(299, late=299))), P99)
    assert found.outcome == "not judged"
    assert "no users" in found.why
    assert "2999-01-01" in found.why


def test_a_number_that_no_document_decided_is_missing(tmp_path: Path) -> None:
    loaded = budget(tmp_path, ('"*" =', '"objective.p50" ='))
    found = judge(evidence(loaded, every(299)))
    assert one(found, "objective.p50").outcome == "pass"
    assert one(found, P99).outcome == "missing"
    assert "no source" in one(found, P99).why


def test_a_number_from_the_environment_has_its_variable_as_place(tmp_path: Path) -> None:
    loaded = budget(tmp_path, environ={"HOLDFAST_OBJECTIVE__P99": "250ms"})
    found = one(judge(evidence(loaded, every(299))), P99)
    assert (found.required, found.place, found.source) == (0.25, "HOLDFAST_OBJECTIVE__P99", "")
    assert found.outcome == "pass"
