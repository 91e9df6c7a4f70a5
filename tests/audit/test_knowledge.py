"""What a project's budget adds to what is known of calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.errors import BudgetError

SOURCE = """
import acme, requests
from fastapi import FastAPI
app = FastAPI()
client = acme.Client()
@app.get("/x")
async def x():
    client.fetch(1)
@app.get("/y")
async def y():
    await acme.in_a_thread(work)
def work(): requests.get("http://x", timeout=1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text(SOURCE)
    return tmp_path


def found(project: Path, budget: str, name: str = "holdfast.toml") -> list[Finding]:
    (project / name).write_text(budget)
    return [one for one in audit(project / "src").findings if one.rule == "HF101"]


def test_a_call_that_only_the_owner_knows(project: Path) -> None:
    assert found(project, "") == []
    (finding,) = found(project, '[[audit.sink]]\ncall = "acme.Client.*"\nkind = "network"\n')
    assert (finding.line, finding.severity, finding.confidence) == (8, Severity.HIGH, Confidence.HIGH)
    assert finding.message.startswith("acme.Client.fetch waits for the network")


def test_its_severity_and_its_fix(project: Path) -> None:
    budget = """
[[audit.sink]]
call = "acme.Client.fetch"
kind = "disk"
severity = "low"
fix = "Use acme.AsyncClient"
"""
    (finding,) = found(project, budget)
    assert (finding.severity, finding.fix) == (Severity.LOW, "Use acme.AsyncClient")
    assert finding.confidence is Confidence.HIGH, "what the owner names is meant to be seen"


def test_in_pyproject(project: Path) -> None:
    budget = '[[tool.holdfast.audit.sink]]\ncall = "acme.Client.fetch"\nkind = "network"\n'
    assert len(found(project, budget, "pyproject.toml")) == 1


def test_what_is_harmless(project: Path) -> None:
    budget = '[audit]\nharmless = ["acme.Client.fetch"]\nsink = [{ call = "acme.*", kind = "network" }]\n'
    assert [one.line for one in found(project, budget)] == []


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ('[[audit.sink]]\ncall = "a.b"\nkind = "net"\n', ":3: audit.sink[0].kind: expected one of"),
        ('[[audit.sink]]\ncall = "a.b"\nkind = "cpu"\nfx = "x"\n', ":4: unknown key audit.sink[0].fx"),
        ('[[audit.sink]]\ncall = "a b"\nkind = "cpu"\n', ":2: audit.sink[0].call: expected the path"),
        ('[[audit.sink]]\nkind = "cpu"\n', ":1: audit.sink[0] lacks the key call"),
        ("[audit]\nsinks = []\n", ":2: unknown key audit.sinks; did you mean sink?"),
    ],
)
def test_a_mistake_has_its_place(project: Path, budget: str, message: str) -> None:
    with pytest.raises(BudgetError) as caught:
        found(project, budget)
    assert message in str(caught.value)
