from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.verdict import decide
from tests.gate.verdict.made import judgement, ledger

OUTCOMES = ("fail", "missing", "cannot tell", "pass", "not judged")


@pytest.mark.parametrize(
    ("outcomes", "outcome", "code"),
    [
        (["pass"], "pass", 0),
        (["pass", "not judged"], "pass", 0),
        (["pass", "cannot tell"], "cannot tell", 5),
        (["cannot tell", "missing"], "missing", 3),
        (["missing", "fail", "cannot tell"], "fail", 1),
        (["not judged"], "cannot tell", 5),
        ([], "cannot tell", 5),
    ],
)
def test_the_worst_decides(outcomes: Sequence[str], outcome: str, code: int) -> None:
    verdict = decide([judgement(each) for each in outcomes], ledger())
    assert (verdict.outcome, verdict.exit_code) == (outcome, code)
    assert verdict.summary


@given(st.lists(st.sampled_from(OUTCOMES), max_size=8))
def test_the_order_of_judgements_does_not_matter(outcomes: list[str]) -> None:
    expected = next((word for word in OUTCOMES if word in outcomes), "cannot tell")
    expected = "cannot tell" if expected == "not judged" else expected
    verdict = decide([judgement(each) for each in outcomes], ledger())
    assert verdict.outcome == expected
    assert (verdict.exit_code == 0) == (verdict.outcome == "pass")


@pytest.mark.parametrize("outcomes", [*itertools.combinations(OUTCOMES, 2), OUTCOMES, ()])
def test_books_that_do_not_balance_decide_alone(outcomes: Sequence[str]) -> None:
    verdict = decide([judgement(each) for each in outcomes], ledger("2 requests were counted twice"))
    assert (verdict.outcome, verdict.exit_code) == ("cannot tell", 5)
    assert "2 requests were counted twice" in verdict.summary


def test_the_summary_names_what_decided_once() -> None:
    twice = [judgement("fail", title="p99"), judgement("fail", title="p99"), judgement("pass")]
    assert decide(twice, ledger()).summary == "2 of 3 objectives missed: p99"
    missing = [judgement("missing", "objective.p99"), judgement("missing", "objective.p99")]
    assert decide(missing, ledger()).summary == "not decided yet: objective.p99"
    open_ = decide([judgement("cannot tell", title="p99", why="too few")], ledger())
    assert open_.summary == "p99: too few"
    assert "2 judged" in decide([judgement("pass")] * 2, ledger()).summary
