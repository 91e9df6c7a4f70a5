"""One document, many renderings: each tells the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from holdfast.audit import audit
from holdfast.audit.report.advice import EFFORTS, advice
from holdfast.audit.report.document import document
from holdfast.audit.report.github import commands
from holdfast.audit.report.render import Form, rendered
from holdfast.audit.report.text import lines
from holdfast.audit.rules.catalogue import RULES

METRICS = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("which", ["found", "measured"])
def test_every_form_tells_of_every_finding(form: Form, which: str, request: pytest.FixtureRequest) -> None:
    told = "\n".join(rendered(request.getfixturevalue(which), form))
    assert "HF101" in told
    assert "time.sleep" in told
    assert "old.py" in told
    if which == "measured":
        assert "250 ms in all" in told


@pytest.mark.parametrize("form", list(Form))
def test_nothing_found_can_be_told_too(form: Form, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    assert "".join(rendered(document(audit(tmp_path)), form)) or form is Form.GITHUB


def test_the_document_is_the_same_each_time(found: dict[str, Any], root: Path) -> None:
    again = document(audit(root))
    assert again | {"written": ""} == found | {"written": ""}


def test_text_shows_the_code_around_and_the_chain_in_columns(found: dict[str, Any]) -> None:
    shown = "\n".join(lines(found))
    assert '     10 | @app.get("/slow")\n     11 | async def slow():\n     12 |     wait()' in shown
    assert "    GET /slow\n      a file.py:11  slow\n      a file.py:12  slow calls wait()\n" in shown


def test_annotations_are_one_line_each(found: dict[str, Any]) -> None:
    finding, unread = commands(found)
    assert finding.startswith(
        "::error file=a file.py,line=12,col=5,title=HF101 (high confidence)::time.sleep"
    )
    assert "%0Aa file.py:8 in wait" in finding
    assert unread.startswith("::warning file=old.py,line=1,title=not read::")
    assert "\n" not in finding + unread


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_advice_and_its_metrics_exist(rule) -> None:
    known = advice(rule.code)
    assert known.effort in EFFORTS
    assert known.trade_off.endswith(".")
    exported = set(re.findall(r"^\| `(holdfast_\w+)`", METRICS.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(known.metrics) <= exported
    assert known.metrics
