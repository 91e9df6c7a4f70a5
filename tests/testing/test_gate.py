"""The gate as a fixture, in a project of its own: one short run for real, and all that may go wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from holdfast.testing.gate import Gated
from tests.gate.report import sample

ROOT = Path(__file__).parents[2]

FILES = {
    "lib/service.py": """
from fastapi import FastAPI
from holdfast import Holdfast
from holdfast.client.strict import strict

app = FastAPI()
hold = Holdfast(app)
if strict():
    raise RuntimeError("this is a test, and no production")


@app.get("/n/{number}")
async def answer(number: int) -> dict[str, int]:
    return {"number": number}
""",
    "broken.py": "raise RuntimeError('cannot even begin')\n",
    "holdfast.toml": """
[service]
app = "service:app"
workers = 1
replicas = { min = 1, max = 1, surge = 0 }
[objective]
availability = "50%"
[traffic]
peak = "30/s"
request = [{ send = "GET /n/{1..9}" }]
[source]
"*" = "numbers.md#numbers"
"objective.*" = "numbers.md#numbers"
[deferred]
"objective.p99" = { reason = "no users yet", owner = "us", until = 2100-01-01 }
"objective.throughput" = { reason = "no users yet", owner = "us", until = 2100-01-01 }
"objective.recovery" = { reason = "no users yet", owner = "us", until = 2100-01-01 }
""",
    "numbers.md": "# Numbers\n\n50%, 30/s, 1, 0\n",
    "pytest.ini": "[pytest]\npythonpath = lib\naddopts = --strict-markers -q -rs\nholdfast_strict = true\n",
    "conftest.py": """
import sys
from dataclasses import replace

import pytest

import holdfast.gate.conduct
from holdfast.gate.scenario import derive


def shortened(*given):
    return [replace(phase, seconds=min(phase.seconds, 0.5)) for phase in derive(*given)]


@pytest.fixture(autouse=True, scope="session")
def short():
    conduct = [module for name, module in sys.modules.items() if name.startswith("holdfast.gate.conduct.")]
    (planning,) = [module for module in conduct if getattr(module, "derive", None) is derive]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "derive", shortened)
        yield
""",
    "test_service.py": """
import asyncio
import signal
import sys
from pathlib import Path

import pytest

from holdfast.errors import BootFailed, BudgetError, NotMeasured, UsageError


def test_holds(gate, tmp_path):
    result = gate("service:app", seed=3)
    assert result.passed, result.summary
    assert result.verdict.exit_code == 0
    assert result.result.seed == 3
    assert "objective.availability" in {judged.id for judged in result.judgements}
    assert result.report == tmp_path / "gate-1" / "gate.html"
    left = {file.name for file in result.report.parent.iterdir()}
    assert left == {"gate.html", "gate.json", "gate.md", "gate.junit.xml"}


def test_it_is_given_up(gate):
    with pytest.raises(NotMeasured, match="given up after 0.3 s"):
        gate(within=0.3)


def test_a_service_that_does_not_boot(gate):
    with pytest.raises(BootFailed) as raised:
        gate("broken:app")
    assert any("cannot even begin" in note for note in raised.value.__notes__)


@pytest.mark.parametrize("faults", [(), ["slow", "nosuch"]])
def test_faults(gate, faults):
    with pytest.raises(UsageError, match="faults: expected some of reset"):
        gate(faults=faults)


def test_no_budget(gate, tmp_path):
    with pytest.raises(BudgetError):
        gate(budget=tmp_path / "nosuch.toml")


def test_no_environment(gate):
    with pytest.raises(BudgetError, match="nosuch"):
        gate(env="nosuch")


def test_interrupted(gate):
    def alarm(*_):
        if children():
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Interrupted

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        with pytest.raises(Interrupted):
            gate()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not children()


class Interrupted(BaseException):
    pass


def children():
    threads = Path("/proc/self/task").iterdir()
    return [word for each in threads for word in (each / "children").read_text().split()]


def test_from_a_coroutine(gate):
    async def asked():
        gate(within=0.1)

    with pytest.raises(NotMeasured):
        asyncio.run(asked())


@pytest.fixture
def without(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)


def test_skipped(without, gate):
    raise AssertionError("not skipped")
""",
}


def test_it_runs_in_a_project_of_its_own(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    environ = {
        **os.environ,
        # By name, so that it does not depend on how holdfast is installed here.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    for name in ("HOLDFAST_STRICT", "HOLDFAST_BUDGET", "HOLDFAST_ENV"):
        environ.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-p", "holdfast.testing.plugin", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=150
    )
    out = ended.stdout + ended.stderr
    assert "9 passed, 1 skipped" in out, out
    assert "the gate needs 'uvloop', which is not installed: pip install 'holdfast[gate]'" in out


def test_what_failed_is_said_with_its_place_and_cause() -> None:
    result = sample.fragile()
    gated = Gated(result, Path("gate-1/gate.html"))
    assert not gated.passed
    lines = gated.summary.splitlines()
    assert lines[0] == f"{result.verdict.outcome}: {result.verdict.summary}"
    missed = [judged for judged in result.judgements if judged.outcome == "fail"]
    assert missed
    for judged in missed:
        assert any(line.startswith(f"- {judged.title}: fail, ") and judged.place in line for line in lines)
    for reason in result.reasons:
        assert any(line.startswith(f"  why: {reason.title}") for line in lines)
    assert lines[-2:] == ["report: gate-1/gate.html", f"again: {result.reproduce}"]
