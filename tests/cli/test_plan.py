"""`holdfast plan` as a process: what it prints and how it ends, for good and bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DECIDED = """\
[objective]
availability = "99.9%"
p99 = "300ms"
throughput = "200/s"
recovery = "10s"
[traffic]
peak = "200/s"
[deadline]
default = "2s"
[drain]
announce = "5s"
[source]
"*" = "numbers.md#numbers"
"""
NUMBERS = "# Numbers\n99.9%, 300 ms, 200/s, back after 10 s, a deadline of 2 s, announced for 5 s.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "holdfast.toml").write_text(DECIDED, encoding="utf-8")
    (tmp_path / "numbers.md").write_text(NUMBERS, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HOLDFAST_", "COLUMNS"))}
    return subprocess.run(
        [sys.executable, "-m", "holdfast", "plan", *words],
        cwd=folder,
        env=clean | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "holdfast.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "holdfast.toml").write_text(text.replace(old, new), encoding="utf-8")


def test_everything_decided(folder: Path) -> None:
    ended = run(folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "everything is decided" in ended.stdout
    assert "holdfast.toml" in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 100
    assert "\x1b" not in ended.stdout


def test_json(folder: Path) -> None:
    ended = run(folder, "--json")
    assert ended.returncode == 0
    document = json.loads(ended.stdout)
    assert (document["schema"], document["version"]) == ("holdfast.plan", 1)
    assert document["exit_code"] == 0


def test_missing_numbers_raise_decision_records(folder: Path) -> None:
    change(folder, 'recovery = "10s"\n', "")
    ended = run(folder, "--adr", "docs/adr")
    assert (ended.returncode, ended.stderr) == (3, "")
    assert "wrote docs/adr/0001-decide-objective-recovery.md" in ended.stdout
    assert (folder / "docs" / "adr" / "0001-decide-objective-recovery.md").is_file()
    assert "wrote" not in run(folder, "--adr", "docs/adr").stdout


def test_contradictions(folder: Path) -> None:
    change(folder, 'announce = "5s"', 'announce = "5s"\ngrace = "7s"')
    ended = run(folder)
    assert ended.returncode == 1
    assert "7s is not above announce + longest deadline" in ended.stdout


def test_a_source_whose_heading_does_not_exist(folder: Path) -> None:
    change(folder, "numbers.md#numbers", "numbers.md#numbrs")
    ended = run(folder)
    assert ended.returncode == 1
    assert "numbers.md has no heading #numbrs; did you mean #numbers?" in ended.stdout
    assert "holdfast.toml:13" in ended.stdout


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[traffic]",
            "[traffic",
            "holdfast.toml:6:9: not valid TOML: expected ']' at the end of a table declaration",
        ),
        ("p99", "p9", "holdfast.toml:3: unknown key objective.p9; did you mean p99?"),
        ('"99.9%"', '"120%"', "holdfast.toml:2: objective.availability: expected a share from 0% to 100%"),
        (
            'default = "2s"',
            'default = "1ms"',
            "holdfast.toml:3: objective.p99 (300ms) is above deadline.default (1ms)",
        ),
    ],
)
def test_bad_input_is_one_line_with_its_place(folder: Path, old: str, new: str, message: str) -> None:
    change(folder, old, new)
    ended = run(folder)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert message in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "environ", "message"),
    [
        (["--budget", "none.toml"], {}, "none.toml: no such file"),
        (["--env", "ci"], {}, 'holdfast.toml: no environment is named "ci"; known: none'),
        ([], {"HOLDFAST_OBJECTIVE__P99": "x"}, "HOLDFAST_OBJECTIVE__P99: objective.p99: expected a duration"),
        (["--adr", "numbers.md"], {}, "numbers.md: cannot write decision records: File exists"),
    ],
)
def test_bad_calls(folder: Path, words: list[str], environ: dict[str, str], message: str) -> None:
    ended = run(folder, *words, **environ)
    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_unknown_option(folder: Path) -> None:
    ended = run(folder, "--frobnicate")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_no_budget_at_all(tmp_path: Path) -> None:
    ended = run(tmp_path)
    assert ended.returncode == 2
    assert "no holdfast.toml and no [tool.holdfast] in" in ended.stderr


def test_the_shops_budget_is_decided() -> None:
    root = Path(__file__).parents[2]
    for environment in ([], ["--env", "ci"], ["--env", "production"]):
        ended = run(root, "--budget", "examples/shop/holdfast.toml", *environment)
        assert ended.returncode == 0, ended.stdout + ended.stderr
