"""A search for real, in stretches too short to be believed, of a service that holds what is driven."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from holdfast.budget import load
from holdfast.errors import MissingNumber
from holdfast.gate.capacity import CapacityResult, Pace, run
from holdfast.gate.conduct import Options
from holdfast.gate.conduct.live import Unseen

APP = """
from fastapi import FastAPI
from holdfast import Holdfast

app = FastAPI()
hold = Holdfast(app)

@app.get("/n/{number}")
async def answer(number: int) -> dict[str, int]:
    return {"number": NUMBER}
"""

BUDGET = """
[service]
replicas = { min = 1, max = 1, surge = 0 }
workers = 1
[objective]
availability = "50%"
[traffic]
peak = "30/s"
request = [{ send = "GET /n/{1..9}" }]
[source]
"*" = "numbers.md#numbers"
"objective.*" = "numbers.md#numbers"
"""


def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str, most: float) -> CapacityResult:
    (tmp_path / "found.py").write_text(APP.replace("NUMBER", number))
    (tmp_path / "numbers.md").write_text("# Numbers\n\n50%, 30/s, 1, 0\n")
    (tmp_path / "holdfast.toml").write_text(BUDGET)
    monkeypatch.chdir(tmp_path)
    loaded = load(tmp_path / "holdfast.toml")
    options = Options("found:app", 1, {**os.environ, "PYTHONPATH": str(tmp_path)})
    pace = Pace(warm_up=0.2, tried=0.6, confirmed=1.0, least=20.0, most=most)
    with asyncio.Runner() as runner:
        return runner.run(run(loaded, options, Unseen(), pace))


def test_a_rate_is_found_confirmed_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = searched(tmp_path, monkeypatch, "number", 45.0)
    assert (found.capacity, found.bound) == (45.0, "no more than 45/s are driven")
    assert (found.verdict.outcome, found.headroom) == ("pass", pytest.approx(0.5))
    assert [(step.offered, step.confirmation) for step in found.steps] == [
        (30, False),
        (45, False),
        (45, True),
    ]
    assert all(step.held and step.goodput > 0 for step in found.steps)
    found.write(tmp_path / "capacity.json")
    document = json.loads((tmp_path / "capacity.json").read_text())
    assert (document["schema"], document["version"]) == ("holdfast.capacity", 1)


def test_a_service_that_fails_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = searched(tmp_path, monkeypatch, "1 / 0", 45.0)
    assert (found.capacity, found.verdict.exit_code) == (None, 1)
    assert {step.held for step in found.steps} == {False}
    assert all(step.why.startswith("availability: ") for step in found.steps)


def test_without_a_promise_there_is_nothing_to_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "BUDGET", BUDGET.replace('availability = "50%"\n', ""))
    with pytest.raises(MissingNumber):
        searched(tmp_path, monkeypatch, "number", 45.0)
