from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from holdfast.gate.report.junit import render
from tests.gate.report import sample


def test_each_objective_is_a_test() -> None:
    result = sample.fragile()
    whole = ET.fromstring(render(result)).find("testsuite")
    assert whole is not None
    cases = whole.findall("testcase")
    assert len(cases) == len(result.judgements) == int(whole.attrib["tests"])
    failed = [case for case in cases if case.find("failure") is not None]
    judged = [one for one in result.judgements if one.outcome not in ("pass", "not judged")]
    assert len(failed) == len(judged) == int(whole.attrib["failures"]) > 0
    kinds = [case.find("failure").attrib["type"] for case in failed]  # type: ignore[union-attr]
    assert sorted(kinds) == sorted(one.outcome for one in judged)


def test_what_held_has_no_failures() -> None:
    whole = ET.fromstring(render(sample.held())).find("testsuite")
    assert whole is not None
    assert whole.attrib["failures"] == "0"


def test_books_that_do_not_balance_are_a_failure() -> None:
    held = sample.held()
    broken = replace(held, ledger=replace(held.ledger, balanced=False, problems=("3 requests \x00 lost",)))
    first = ET.fromstring(render(broken)).find("testsuite/testcase")
    assert first is not None
    assert first.attrib["name"] == "ledger"
    failure = first.find("failure")
    assert failure is not None
    assert failure.text == "3 requests \N{REPLACEMENT CHARACTER} lost"
