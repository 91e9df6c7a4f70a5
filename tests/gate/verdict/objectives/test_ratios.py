"""Availability, errors and what stays good without a dependency."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from holdfast.gate.drive.records import Cause, Outcome
from holdfast.gate.verdict.objectives import judge
from tests.gate.measure.made import Sent
from tests.gate.verdict.made import budget, calls, evidence, line_of, one

AVAILABILITY, ERRORS, WITHOUT = "objective.availability", "objective.errors", "objective.without.p"
FAULT = [(0.0, 5.0, "steady"), (5.0, 10.0, "fault")]


def mixed(good: int, bad: int, **how: object) -> list[Sent]:
    how = how or {"status": 500}
    return [Sent(t / 100) for t in range(good)] + [Sent(t / 100, **how) for t in range(bad)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("good", "bad", "outcome"), [(29, 0, "pass"), (28, 0, "cannot tell"), (80, 20, "fail")]
)
def test_availability(good: int, bad: int, outcome: str, tmp_path: Path) -> None:
    loaded = budget(tmp_path)
    found = one(judge(evidence(loaded, mixed(good, bad))), AVAILABILITY)
    assert found.outcome == outcome
    assert (found.required, found.measured) == (0.9, good / (good + bad))
    assert (found.unit, found.better) == ("ratio", "higher")
    assert f"{bad} of {good + bad} bad" in found.why
    assert ("it takes 29 requests" in found.why) == (outcome == "cannot tell")
    assert (found.place, found.source) == (line_of(loaded, "availability"), "numbers.md#numbers")


def test_late_is_available_and_excluded_does_not_count(tmp_path: Path) -> None:
    requests = [*mixed(30, 0), *mixed(0, 30, status=404), *mixed(0, 30, took=9.0)]
    found = one(judge(evidence(budget(tmp_path), requests)), AVAILABILITY)
    assert (found.outcome, found.measured) == ("pass", 1.0)
    assert "0 of 60 bad" in found.why


def test_a_refusal_spends_availability(tmp_path: Path) -> None:
    requests = mixed(50, 50, status=503, outcome=Outcome.SHED)
    assert one(judge(evidence(budget(tmp_path), requests)), AVAILABILITY).outcome == "fail"


def test_nothing_that_counts_is_nothing_told(tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), mixed(0, 30, status=404))), AVAILABILITY)
    assert (found.outcome, found.measured) == ("cannot tell", None)


def test_a_missing_availability(tmp_path: Path) -> None:
    loaded = budget(tmp_path, ('availability = "90%"\n', ""))
    assert one(judge(evidence(loaded, mixed(30, 0))), AVAILABILITY).outcome == "missing"


@pytest.mark.parametrize(
    ("good", "bad", "how", "outcome"),
    [
        (14, 0, {}, "pass"),
        (13, 0, {}, "cannot tell"),
        (60, 40, {}, "fail"),
        (60, 40, {"status": Cause.RESET}, "fail"),
        (60, 40, {"status": Cause.TIMEOUT}, "fail"),
        (60, 40, {"status": 503, "outcome": Outcome.SHED}, "fail"),
        (60, 40, {"status": 404}, "pass"),
    ],
)
def test_errors(good: int, bad: int, how: dict[str, object], outcome: str, tmp_path: Path) -> None:
    found = one(judge(evidence(budget(tmp_path), mixed(good, bad, **how))), ERRORS)
    assert (found.outcome, found.required, found.better) == (outcome, 0.2, "lower")


def test_errors_are_judged_only_where_promised(tmp_path: Path) -> None:
    loaded = budget(tmp_path, ('errors = "20%"\n', ""))
    assert not [each for each in judge(evidence(loaded, mixed(30, 0))) if each.id == ERRORS]


def fault(good: int, bad: int) -> list[Sent]:
    return [Sent(5 + t / 100, status=200 if t < good else 503) for t in range(good + bad)]


@pytest.mark.parametrize(
    ("good", "bad", "outcome"), [(80, 20, "pass"), (79, 21, "cannot tell"), (70, 30, "fail"), (0, 10, "fail")]
)
def test_what_stays_good_without_a_dependency(good: int, bad: int, outcome: str, tmp_path: Path) -> None:
    loaded = budget(tmp_path)
    made = evidence(loaded, fault(good, bad), stretches=FAULT, dependencies=[calls()])
    found = one(judge(made), WITHOUT)
    assert (found.outcome, found.required, found.measured) == (outcome, 0.8, good / (good + bad))
    assert found.phase == "p slow"
    assert "p, every answer 2 s late" in found.why
    assert found.place == line_of(loaded, "without.p")


def test_a_late_answer_is_not_good_without_a_dependency(tmp_path: Path) -> None:
    requests = [Sent(5 + t / 100, took=1.0) for t in range(50)]
    made = evidence(budget(tmp_path), requests, stretches=FAULT, dependencies=[calls()])
    assert one(judge(made), WITHOUT).outcome == "fail"


def test_a_fault_without_proof_is_none(tmp_path: Path) -> None:
    made = evidence(
        budget(tmp_path), fault(100, 0), stretches=FAULT, dependencies=[calls(why="2 connections past it")]
    )
    found = one(judge(made), WITHOUT)
    assert (found.outcome, found.why) == ("cannot tell", "2 connections past it")


def test_nothing_offered_during_the_fault(tmp_path: Path) -> None:
    made = evidence(budget(tmp_path), [Sent(0.0)], stretches=FAULT, dependencies=[calls()])
    found = one(judge(made), WITHOUT)
    assert (found.outcome, found.measured) == ("cannot tell", None)


def test_what_is_acceptable_without_a_dependency_has_to_be_decided(tmp_path: Path) -> None:
    loaded = budget(tmp_path, ('without.p = "80%"\n', ""))
    made = evidence(loaded, fault(100, 0), stretches=FAULT, dependencies=[calls()])
    assert one(judge(made), WITHOUT).outcome == "missing"


def test_nothing_has_to_be_promised_without_a_database(tmp_path: Path) -> None:
    loaded = budget(tmp_path, ('without.p = "80%"\n', ""))
    database = dataclasses.replace(calls(), kind="postgres")
    made = evidence(loaded, fault(0, 100), stretches=FAULT, dependencies=[database])
    found = one(judge(made), WITHOUT)
    assert found.outcome == "not judged"
    assert found.why.startswith("0 of 100 good")
