"""Throughput, recovery, amplification and how refusals look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from holdfast.gate.drive.records import Outcome
from holdfast.gate.result import Calls, Judgement, Recovery
from holdfast.gate.verdict.objectives import OBJECTIVES, judge
from tests.gate.measure.made import Sent
from tests.gate.verdict.made import budget, calls, evidence, line_of, one

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


def test_amplification_that_nothing_is_known_of(tmp_path: Path) -> None:
    assert not [each for each in retried(tmp_path, calls(None)) if each.id == RETRIES]


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
    assert len(found) >= len(OBJECTIVES)
    for each in found:
        assert each.title
        assert each.why
        assert each.place.rpartition(":")[2].isdigit(), each
        assert each.source == "numbers.md#numbers"


def test_amplification_of_requests_that_nobody_named(tmp_path: Path) -> None:
    found = one(retried(tmp_path, calls(None, needed=0)), RETRIES)
    assert found.outcome == "cannot tell"
    assert 'needs = ["p"]' in found.why
    unbounded = retried(tmp_path, calls(None, needed=0), (', budget = "20%"', ""))
    assert not [each for each in unbounded if each.id == RETRIES]
