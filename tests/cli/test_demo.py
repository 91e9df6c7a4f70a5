"""`holdfast demo` around runs that are made up: what it asks for, writes and answers. The shop's own gate is
`make demo`."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from holdfast.budget import Loaded
from holdfast.cli import demo as module
from holdfast.cli import main
from holdfast.errors import BootFailed
from holdfast.gate.conduct import Options
from holdfast.gate.report.document import load
from holdfast.gate.result import GateResult, Verdict
from tests.gate.report import sample

Run = Callable[..., int]
ROOT = Path(__file__).parents[2]


class Gates:
    """Stands for the runs: remembers what was asked for and returns results that were made up."""

    def __init__(self) -> None:
        self.results: dict[str, GateResult | Exception] = {
            "fragile": sample.fragile(),
            "held": sample.held(),
        }
        self.asked: dict[str, Options] = {}
        self.environment: str | None = None

    def __call__(self, loaded: Loaded, options: Options, console: Any, *, title: str = "") -> GateResult:
        self.asked[title] = options
        self.environment = loaded.environment
        result = self.results[title]
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gates:
    made = Gates()
    monkeypatch.setattr(module, "measured", made)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return made


def ended(result: GateResult, outcome: str, code: int) -> GateResult:
    return dataclasses.replace(result, verdict=Verdict(outcome, code, "as made up"))  # type: ignore[arg-type]


def test_both_forms_side_by_side(gates: Gates, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", "report", "--seed", "9"]) == 0
    report = tmp_path / "report"
    written = sorted(file.name for file in report.iterdir())
    assert written == ["demo.html", "fragile.html", "fragile.json", "held.html", "held.json"]
    assert load(report / "fragile.json").verdict.outcome == "fail"
    assert load(report / "held.json").verdict.outcome == "pass"
    page = (report / "demo.html").read_text(encoding="utf-8")
    assert "fragile" in page
    assert "held" in page
    printed = capsys.readouterr()
    assert "side by side: report/demo.html" in printed.out
    assert printed.err == ""


def test_both_run_the_same_schedule_in_the_same_environment(gates: Gates) -> None:
    assert main(["demo", "--seed", "9"]) == 0
    fragile, held = gates.asked["fragile"], gates.asked["held"]
    assert list(gates.asked) == ["fragile", "held"]
    assert (fragile.app, held.app) == ("examples.shop.fragile:app", "examples.shop.held:app")
    assert (fragile.seed, fragile.boot, fragile.environ) == (9, held.boot, held.environ)
    assert gates.environment == "ci"
    assert held.environ["PYTHONPATH"] == str(ROOT)


def test_addresses_that_are_set_for_something_else_stay_untouched(
    gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/orders")
    monkeypatch.setenv("PAYMENTS_URL", "https://payments.example")
    assert main(["demo"]) == 0
    for options in gates.asked.values():
        assert not {"DATABASE_URL", "PAYMENTS_URL"} & options.environ.keys()


@pytest.mark.parametrize(
    ("fragile", "held", "code"),
    [
        (("fail", 1), ("pass", 0), 0),
        (("fail", 1), ("fail", 1), 1),
        (("fail", 1), ("cannot tell", 5), 5),
        (("fail", 1), ("missing", 3), 3),
        (("pass", 0), ("pass", 0), 5),
        (("cannot tell", 5), ("pass", 0), 5),
    ],
)
def test_it_succeeds_when_both_do_as_shown(
    gates: Gates, fragile: tuple[str, int], held: tuple[str, int], code: int
) -> None:
    gates.results = {
        "fragile": ended(sample.fragile(), *fragile),
        "held": ended(sample.held(), *held),
    }
    assert main(["demo"]) == code


def test_a_form_that_does_not_boot(gates: Gates, capsys: pytest.CaptureFixture[str]) -> None:
    gates.results["fragile"] = BootFailed("app did not boot")
    assert main(["demo"]) == 4
    assert capsys.readouterr().err == "holdfast: error: app did not boot\n"
    assert list(gates.asked) == ["fragile"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "-3"], "--seed: expected a whole number from 0 up, not -3"),
        (["--out", "file"], "--out file: cannot be written: File exists"),
    ],
)
def test_a_mistake_costs_no_minutes(
    gates: Gates, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["demo", *words]) == 2
    assert capsys.readouterr().err == f"holdfast: error: {said}\n"
    assert gates.asked == {}


def test_the_working_directory_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert module.checkout() == ROOT
    (tmp_path / "examples" / "shop").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "shop" / "holdfast.toml", tmp_path / "examples" / "shop")
    assert module.checkout() == tmp_path


def test_without_a_checkout_it_says_so(
    gates: Gates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "__file__", str(tmp_path / "lib" / "holdfast" / "cli" / "demo.py"))
    assert main(["demo"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(f"holdfast: error: {tmp_path}: the demo needs examples/shop/holdfast.toml")
    assert len(line.splitlines()) == 1
