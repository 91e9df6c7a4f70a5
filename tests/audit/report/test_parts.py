"""The report in five parts: what it says, and that both its forms hold whatever code holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast.audit import audit
from holdfast.audit.report.advice import EFFORTS
from holdfast.audit.report.document import document
from holdfast.audit.report.html import html
from holdfast.audit.report.markdown import markdown
from holdfast.audit.report.parts import SEVERITIES, parts
from tests.gate.report.markup import Page

TITLES = ["1. Assessment", "2. Recommendations", "3. Code examples", "4. What to monitor", "5. Next steps"]
SHOP = Path(__file__).resolve().parents[3] / "examples" / "shop" / "fragile"


def test_it_is_offline_and_runs_nothing(measured: dict[str, Any]) -> None:
    page = Page(html(measured))
    assert "script" not in page.tags
    assert not [value for _, name, value in page.attributes if name in ("src", "onclick")]
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert links
    assert all(link.removeprefix("#") in page.identifiers for link in links)
    [policy] = [value for _, name, value in page.attributes if name == "content" and "default-src" in value]
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert "</script><script>alert(1)</script>" in page.text


def test_both_forms_have_the_five_parts(measured: dict[str, Any]) -> None:
    page = Page(html(measured)).text
    told = list(markdown(measured))
    for title in TITLES:
        assert title in page
        assert f"## {title}" in told


def test_a_fence_is_longer_than_what_it_fences(found: dict[str, Any]) -> None:
    told = "\n".join(markdown(found))
    assert "\n````python\n" in told
    assert told.count("\n````\n") == 1


def test_what_pays_comes_first() -> None:
    told = parts(document(audit(SHOP)))
    ranks = [(SEVERITIES.index(one.impact), EFFORTS.index(one.advice.effort)) for one in told.recommendations]
    assert ranks == sorted(ranks)
    assert {one.code for one in told.recommendations} == {one["rule"] for one in told.findings}


def test_what_was_measured_comes_before_all(measured: dict[str, Any]) -> None:
    told = parts(measured)
    assert told.recommendations[0].seconds == pytest.approx(0.25)
    assert "1 finding confirmed by evidence, 0.25 s in all." in told.assessment


def test_it_asks_what_it_could_not_answer(found: dict[str, Any], measured: dict[str, Any]) -> None:
    questions = parts(found).questions
    assert any(question.startswith("What is in old.py?") for question in questions)
    assert any(question.startswith("What does it cost?") for question in questions)
    questions = parts(measured).questions
    assert any(question.startswith("What holds the loop at gone.py:3 in gone?") for question in questions)
    assert not any(question.startswith("What does it cost?") for question in questions)


def test_next_steps_go_on_from_where_one_is(found: dict[str, Any], measured: dict[str, Any]) -> None:
    assert any("--stall-log" in step for step in parts(found).steps)
    assert not any("--stall-log" in step for step in parts(measured).steps)
