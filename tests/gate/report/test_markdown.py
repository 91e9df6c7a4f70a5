from __future__ import annotations

from dataclasses import replace

from holdfast.gate.report.markdown import LIMIT, render
from tests.gate.report import sample


def test_the_verdict_comes_first() -> None:
    assert render(sample.fragile()).startswith("## ✗ FAIL: ")
    assert render(sample.held()).startswith("## ✓ PASS: ")


def test_every_objective_and_phase_is_a_row() -> None:
    result = sample.fragile()
    text = render(result)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for phase in result.phases:
        assert sum(row.startswith(f"| {phase.name}") for row in rows) >= 1
    objectives = text.partition("### Objectives")[2].partition("### ")[0]
    assert objectives.count("\n| ") == 1 + len(result.judgements)
    assert all(
        row.count("|") - row.count("\\|") == rows[0].count("|")
        for row in objectives.splitlines()
        if row.startswith("| ")
    )


def test_words_are_no_markup() -> None:
    held = sample.held()
    odd = replace(held, verdict=replace(held.verdict, summary="a | b\n# <img src=x> [c](d) `e` *f*"))
    line = render(odd).splitlines()[2]
    assert line == r"a \| b \# \<img src=x\> \[c\](d) \`e\` \*f\*"


def test_a_comment_may_be_only_so_long() -> None:
    fragile = sample.fragile()
    long = replace(fragile, stalls=tuple(fragile.stalls) * 2000)
    text = render(long)
    assert len(text) <= LIMIT
    assert text.endswith("gate.html.*\n")
