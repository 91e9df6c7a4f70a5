"""Severity by sink and route, and each finding once."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.audit import Confidence, Finding, Severity, audit
from holdfast.audit.finding import Step
from holdfast.audit.unique import unique

ROUTE = "@app.get('/x')\nasync def x():\n    {call}\n"
MIDDLEWARE = "@app.middleware('http')\nasync def every(request, call_next):\n    {call}\n"


@pytest.mark.parametrize(
    ("entry", "call", "severity"),
    [
        (ROUTE, "time.sleep(1)", Severity.HIGH),
        (ROUTE, "open('x')", Severity.MEDIUM),
        (MIDDLEWARE, "open('x')", Severity.HIGH),
        (MIDDLEWARE, "time.sleep(1)", Severity.HIGH),
    ],
)
def test_what_every_request_comes_by_weighs_more(
    tmp_path: Path, entry: str, call: str, severity: Severity
) -> None:
    head = "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n"
    (tmp_path / "main.py").write_text(head + entry.format(call=call))
    assert [one.severity for one in audit(tmp_path).findings if one.rule == "HF101"] == [severity]


def test_a_place_that_two_routes_lead_to_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "import time\nfrom fastapi import FastAPI\napp = FastAPI()\n"
        "async def shared():\n    time.sleep(1)\n"
        "@app.get('/a')\nasync def a():\n    await shared()\n"
        "@app.get('/b')\nasync def b():\n    await shared()\n"
    )
    assert [(one.line, one.function) for one in audit(tmp_path).findings] == [(5, "shared")]


def finding(line: int, sink: str, severity: Severity = Severity.HIGH) -> Finding:
    chain = (Step("main.py", line, "f", sink),)
    return Finding("HF101", severity, Confidence.HIGH, "main.py", line, 1, "it blocks", chain)


def test_the_weightiest_of_one_place_and_sink_stays() -> None:
    found = [
        finding(3, "time.sleep"),
        finding(3, "time.sleep", Severity.LOW),
        finding(3, "open"),
        finding(4, "open"),
    ]
    assert list(unique(found)) == [found[0], found[2], found[3]]
