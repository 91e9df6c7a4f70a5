from __future__ import annotations

import pytest

from holdfast.audit.rules.catalogue import RULES
from holdfast.cli import main


def test_without_a_rule_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.code, rule.name] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_why_and_what_is_good(rule, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", rule.code.lower()]) == 0
    by_code = capsys.readouterr().out
    assert main(["explain", rule.name]) == 0
    assert capsys.readouterr().out == by_code
    said = " ".join(by_code.split())
    assert said.startswith(f"{rule.code} {rule.name} {rule.what}")
    for text in (rule.why, rule.limits, rule.bad, rule.good, "Trade-off", "holdfast_"):
        assert " ".join(text.split()) in said


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("blocking-cal", "did you mean HF101 (blocking-call)?"), ("xyzzy", "without a name all are listed")],
)
def test_an_unknown_rule_is_one_clear_error(
    wanted: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", wanted]) == 2
    assert capsys.readouterr().err == f"holdfast: error: {wanted}: there is no such rule; {hint}\n"
