"""Throughput, recovery, amplification and how refusals look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.gate.drive.records import Outcome
from holdfast.gate.result import Calls, Judgement, Noise, Recovery
from holdfast.gate.verdict.objectives import COUNTED, TIMED, judge
from tests.gate.measure.made import Sent
from tests.gate.verdict.made import NOISY, QUIET, budget, calls, evidence, line_of, one

OVERLOAD = [(0.0, 10.0, "overload")]
THROUGHPUT, RECOVERY, RETRIES = "objective.throughput", "objective.recovery", "dependency.p.retry.budget"


def served(good: int, late: int = 0) -> list[Sent]:
    return [Sent(t / 1000, took=0.01 if t < good else 1.0) for t in range(good + late)]


@pytest.mark.parametrize(("good", "outcome"), [(800, "pass"), (799, "fail"), (0, "fail")])
def test_throughput_is_what_is_good_and_in_time(good: int, outcome: str, tmp_path: Path) -> None:
    loaded = budget(tmp_path)
    found = one(judge(evidence(loaded, served(good, late=200), stretches=OVERLOAD)), THROUGHPUT)
    assert (found.outcome, found.required, found.measured) == (outcome, 80.0, good / 10)
    assert (found.phase, found.unit, found.better) == ("overload", "/s", "higher")
    assert found.place == line_of(loaded, "throughput")


def test_throughput_is_that_of_the_share_that_was_driven(tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), served(400), stretches=OVERLOAD, share=0.5)), THROUGHPUT)
    assert (found.outcome, found.required) == ("pass", 40.0)


def test_throughput_above_what_was_offered_cannot_be_told(tmp_path: Path) -> None:
    """Nobody can serve more than arrives: a promise of more is not reached at this scale, nor missed."""
    loaded = budget(tmp_path, ('throughput = "80/s"', 'throughput = "101/s"'))
    found = one(judge(evidence(loaded, served(1000), stretches=OVERLOAD)), THROUGHPUT)
    assert found.outcome == "cannot tell"
    assert "100" in found.why


def test_a_missing_throughput(tmp_path: Path) -> None:
    loaded = budget(tmp_path, ('throughput = "80/s"\n', ""))
    assert one(judge(evidence(loaded, served(10), stretches=OVERLOAD)), THROUGHPUT).outcome == "missing"


AFTER = [(0.0, 5.0, "steady"), (5.0, 8.0, "recovery")]


def recovered(tmp_path: Path, seconds: float | None, *changes: tuple[str, str]) -> Judgement:
    made = evidence(
        budget(tmp_path, *changes),
        [Sent(0.0)],
        stretches=AFTER,
        recoveries=[Recovery("p slow", 5.0, seconds)],
    )
    return one(judge(made), RECOVERY)


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0.0, "pass"), (2.0, "pass"), (2.01, "fail"), (None, "fail")]
)
def test_recovery(seconds: float | None, outcome: str, tmp_path: Path) -> None:
    found = recovered(tmp_path, seconds)
    assert (found.outcome, found.required, found.measured) == (outcome, 2.0, seconds)
    assert (found.title, found.phase) == ("recovery after p slow", "p slow")
    assert found.place.endswith(line_of(budget(tmp_path), "recovery").rpartition(":")[2])


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (0.0, "as good as before at once"),
        (0.004, "as good as before at once"),
        (1.5, "as good as before 1.5s after the disturbance ended"),
    ],
)
def test_recovery_says_when(seconds: float, why: str, tmp_path: Path) -> None:
    assert recovered(tmp_path, seconds).why == why


def test_no_recovery_in_a_watch_shorter_than_the_promise(tmp_path: Path) -> None:
    found = recovered(tmp_path, None, ('recovery = "2s"', 'recovery = "10s"'))
    assert (found.outcome, found.why) == ("cannot tell", "watched for 3s only")


def test_a_missing_recovery(tmp_path: Path) -> None:
    assert recovered(tmp_path, 0.0, ('recovery = "2s"\n', "")).outcome == "missing"
    assert recovered(tmp_path, None, ('recovery = "2s"\n', "")).outcome == "missing"


def retried(tmp_path: Path, seen: Calls, *changes: tuple[str, str]) -> list[Judgement]:
    return judge(evidence(budget(tmp_path, *changes), [Sent(0.0)], dependencies=[seen]))


@pytest.mark.parametrize(("factor", "outcome"), [(0.3, "pass"), (1.0, "pass"), (1.2, "pass"), (1.3, "fail")])
def test_amplification(factor: float, outcome: str, tmp_path: Path) -> None:
    found = one(retried(tmp_path, calls(factor)), RETRIES)
    assert (found.outcome, found.measured, found.unit) == (outcome, factor, "x")
    assert found.required == pytest.approx(1.2)
    assert found.why == f"{factor * 10:.0f} calls for 10 requests that need p"
    assert (found.phase, found.source) == ("p slow", "numbers.md#numbers")


def test_amplification_without_proof(tmp_path: Path) -> None:
    found = one(retried(tmp_path, calls(5.0, why="never connected")), RETRIES)
    assert (found.outcome, found.why) == ("cannot tell", "never connected")


def test_amplification_that_nobody_bounded(tmp_path: Path) -> None:
    found = one(retried(tmp_path, calls(1.0), (', budget = "20%"', "")), RETRIES)
    assert found.outcome == "missing"


def test_what_is_tried_once_multiplies_nothing(tmp_path: Path) -> None:
    once = retried(tmp_path, calls(1.0, why="a file"), ("attempts = 2", "attempts = 1"))
    assert not [judgement for judgement in once if judgement.id == RETRIES]


def test_statements_are_judged_where_the_budget_bounds_their_retries(tmp_path: Path) -> None:
    statements = replace(calls(1.5), kind="postgres", usual=4.0)
    found = one(retried(tmp_path, statements), RETRIES)
    assert found.outcome == "fail"
    assert found.why == "60 calls for 10 requests that need p, each of which takes 4 while nothing fails"
    unbounded = retried(tmp_path, statements, (', budget = "20%"', ""))
    assert not [judgement for judgement in unbounded if judgement.id == RETRIES]


@pytest.mark.parametrize(("seconds", "allowed"), [(4.0, 1.5), (10.0, 1.2), (15.0, 1 + 0.2 * 20 / 15)])
def test_a_short_fault_is_met_with_what_the_window_before_it_paid_in(
    tmp_path: Path, seconds: float, allowed: float
) -> None:
    stretches = [(0.0, seconds, "fault")]
    made = evidence(budget(tmp_path), [Sent(0.0)], stretches=stretches, dependencies=[calls(1.0)])
    assert one(judge(made), RETRIES).required == pytest.approx(allowed)


def refusals(carrying: Sequence[bool]) -> list[Sent]:
    return [
        Sent(t / 10, status=503, outcome=Outcome.SHED, retry_after=carries)
        for t, carries in enumerate(carrying)
    ]


@pytest.mark.parametrize(
    ("carrying", "outcome", "bare"), [([True] * 3, "pass", 0), ([True, False], "fail", 1)]
)
def test_refusals_say_when_to_come_back(
    carrying: list[bool], outcome: str, bare: int, tmp_path: Path
) -> None:
    found = one(judge(evidence(budget(tmp_path), [*refusals(carrying), Sent(0.0)])), "gate.retry_after")
    assert (found.outcome, found.required, found.measured) == (outcome, 0, bare)
    assert found.why == f"{bare} of {len(carrying)} refusals carry no Retry-After"
    assert (found.place, found.source) == ("", ""), "the gate's own rule stands in no budget"


def test_without_refusals_there_is_no_rule(tmp_path: Path) -> None:
    assert not [
        each for each in judge(evidence(budget(tmp_path), [Sent(0.0)])) if each.id == "gate.retry_after"
    ]


def test_every_judgement_is_complete(tmp_path: Path) -> None:
    """Whatever is judged has a title, a sentence, and a place where its number stands."""
    stretches = [(0.0, 5.0, "steady"), (5.0, 8.0, "fault"), (8.0, 9.0, "recovery"), (9.0, 10.0, "overload")]
    made = evidence(
        budget(tmp_path),
        [Sent(t / 10, payload=t % 2) for t in range(100)],
        stretches=stretches,
        recoveries=[Recovery("p slow", 8.0, 0.0)],
        dependencies=[calls()],
    )
    found = judge(made)
    assert len(found) >= len(TIMED) + len(COUNTED) - 1
    for each in found:
        assert each.title
        assert each.why
        if each.id.startswith("gate."):
            continue
        assert each.place.rpartition(":")[2].isdigit(), each
        assert each.source == "numbers.md#numbers"


def test_amplification_of_requests_that_nobody_named(tmp_path: Path) -> None:
    found = one(retried(tmp_path, calls(None, needed=0)), RETRIES)
    assert found.outcome == "cannot tell"
    assert 'needs = ["p"]' in found.why
    unbounded = retried(tmp_path, calls(None, needed=0), (', budget = "20%"', ""))
    assert not [each for each in unbounded if each.id == RETRIES]


LOADED = [(0.0, 5.0, "steady"), (5.0, 8.0, "fault"), (8.0, 9.0, "recovery"), (9.0, 10.0, "overload")]


@pytest.mark.parametrize(("noise", "timed"), [(QUIET, "fail"), (NOISY, "cannot tell")])
def test_where_the_machine_was_too_noisy_times_are_not_missed_and_counts_are(
    tmp_path: Path, noise: Noise, timed: str
) -> None:
    made = evidence(
        budget(tmp_path),
        [Sent(t / 10, took=1.0 if t >= 50 else 0.01, status=200 if t % 2 else 500) for t in range(100)],
        stretches=LOADED,
        recoveries=[Recovery("p slow", 8.0, None)],
        dependencies=[calls(9.0)],
        noise=noise,
    )
    outcomes = {each.id: each.outcome for each in judge(made)}
    for path in (THROUGHPUT, "objective.without.p"):
        assert outcomes[path] == timed
    for path in ("objective.availability", "objective.errors", RETRIES):
        assert outcomes[path] == "fail"


def test_recovery_from_a_fault_that_was_none(tmp_path: Path) -> None:
    made = evidence(
        budget(tmp_path),
        [Sent(0.0)],
        stretches=LOADED,
        recoveries=[Recovery("p slow", 8.0, 0.0)],
        dependencies=[calls(why="the service never connected")],
    )
    found = one(judge(made), RECOVERY)
    assert (found.outcome, found.why) == ("cannot tell", "the service never connected")


def test_recovery_to_what_was_never_good(tmp_path: Path) -> None:
    made = evidence(
        budget(tmp_path),
        [Sent(t / 10, status=500) for t in range(100)],
        stretches=LOADED,
        recoveries=[Recovery("overload", 8.0, None)],
    )
    found = one(judge(made), RECOVERY)
    assert found.outcome == "cannot tell"
    assert "before the disturbance" in found.why


def test_a_promise_about_a_dependency_that_was_not_broken(tmp_path: Path) -> None:
    found = one(
        judge(evidence(budget(tmp_path), [Sent(0.0)], dependencies=[calls(None, why="TLS: not measured")])),
        "objective.without.p",
    )
    assert (found.outcome, found.measured) == ("cannot tell", None)
    assert "TLS: not measured" in found.why


def test_a_route_that_never_answers_well_was_not_tested(tmp_path: Path) -> None:
    """A 404 is answered fast and [sli] leaves it out: the traffic is not the service's."""
    requests = [Sent(t / 10) for t in range(50)] + [Sent(t / 10, status=404, payload=1) for t in range(50)]
    found = one(judge(evidence(budget(tmp_path), requests)), "gate.traffic")
    assert (found.outcome, found.measured) == ("cannot tell", 1)
    assert found.why == "GET /slow: 50 x 404"
    late = [Sent(t / 10, took=9.0, payload=t % 2) for t in range(50)]
    assert one(judge(evidence(budget(tmp_path), late)), "gate.traffic").outcome == "pass"
