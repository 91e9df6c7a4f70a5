"""Each rule finds its bad example, and nothing in its good one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdfast.audit.rules.catalogue import RULES
from holdfast.audit.rules.rule import Rule
from tests.audit.project import example

EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@EACH
def test_the_bad_example_is_found(rule: Rule) -> None:
    found = list(rule.find(example(rule, rule.bad)))
    assert [finding.rule for finding in found] == [rule.code]
    assert found[0].message
    assert found[0].fix
    assert found[0].line > 0


@EACH
def test_the_good_example_is_not(rule: Rule) -> None:
    assert list(rule.find(example(rule, rule.good))) == []


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"HF\d{3}", rule.code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)


def test_the_page_names_every_rule() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "audit.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| HF")]
    assert rows == [f"| {rule.code} | {rule.name} | {rule.what} |" for rule in RULES]
