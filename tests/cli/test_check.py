"""`holdfast check` in projects of their own, with the tools that they configure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.cli import check, main
from holdfast.errors import BootFailed

PROJECT = {
    "pyproject.toml": '[tool.ruff]\n[tool.pytest.ini_options]\naddopts = "-q -p no:cacheprovider"\n',
    "test_it.py": "def test_it() -> None:\n    assert True\n",
}


def made(folder: Path, **files: str) -> Path:
    for name, content in {**PROJECT, **files}.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


def checked(folder: Path, *words: str) -> tuple[int, dict[str, list[str]], str]:
    """Run it as a process; returns its exit code, the rows of its table by check, and all that it wrote."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("HOLDFAST_", "PYTEST_"))
    }
    ended = subprocess.run(
        [sys.executable, "-m", "holdfast", "check", *words],
        cwd=folder,
        env={
            **environ,
            "COLUMNS": "160",
            "XDG_CACHE_HOME": str(folder / "caches"),
            "PYTEST_ADDOPTS": "-p no:holdfast",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    out = ended.stdout + ended.stderr
    table = [line.split() for line in ended.stdout.rpartition("all ──")[2].splitlines()[2:]]
    return ended.returncode, {row[0]: row[1:] for row in table if row}, out


def test_what_the_project_configures_is_run_and_the_rest_says_why_not(tmp_path: Path) -> None:
    code, rows, out = checked(made(tmp_path))
    assert code == 0, out
    assert list(rows) == ["types", "lint", "tests", "boot", "audit", "gate"]
    assert rows["types"] == ["skipped", "the", "project", "configures", "none"]
    assert [rows[name][:2] for name in ("lint", "tests", "audit")] == [["ok", "0"]] * 3
    assert rows["boot"] == rows["gate"] == ["skipped", "there", "is", "no", "holdfast.toml"]
    assert "1 passed" in out


def test_it_ends_with_the_worst(tmp_path: Path) -> None:
    folder = made(
        tmp_path, mypy__ini="[mypy]\n", test_it__py="import os\n\ndef test_it():\n    assert False\n"
    )
    code, rows, out = checked(folder, "--skip", "types", "--skip", "audit", "--skip", "gate")
    assert code == 1, out
    assert rows["types"] == ["skipped", "--skip"]
    assert [rows[name][:2] for name in ("lint", "tests")] == [["failed", "1"]] * 2
    assert "F401" in out


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOLDFAST_BUDGET", raising=False)
    return tmp_path


def test_a_service_that_does_not_boot_has_no_gate(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "holdfast.toml").write_text('[service]\napp = "nosuch:app"\n')

    def fails(*_: object) -> None:
        raise BootFailed("the service ended", output="no module named nosuch")

    monkeypatch.setattr(check, "_boot", fails)
    assert main(["check", "--only", "boot", "--only", "gate"]) == 4
    printed = capsys.readouterr()
    assert "no module named nosuch" in printed.err
    assert "the service does not boot" in printed.out


def test_a_service_that_boots(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "holdfast.toml").write_text('[service]\napp = "service:app"\nworkers = 1\n')
    (folder / "service.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n")
    monkeypatch.setattr(check, "_gate", lambda *_: 3)
    assert main(["check", "--only", "boot", "--only", "gate"]) == 3
    assert "the service is ready" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "types", "--skip", "types"], "--skip: contradicts --only: types"),
        (["--only", "nosuch"], "--only: "),
    ],
)
def test_a_mistake_in_the_call(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *words]) == 2
    assert said in capsys.readouterr().err
