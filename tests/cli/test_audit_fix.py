from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from holdfast.cli import main

SOURCE = """\
import time

import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/slow")
async def slow():
    time.sleep(1)


@app.get("/rates")
def rates():
    return requests.get("http://rates").json()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def test_what_is_safe_is_written_and_what_remains_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(project), "--no-cache", "--fix"]) == 1
    said = capsys.readouterr()
    assert said.err.splitlines() == [
        "fixed main.py:11: HF101 awaits asyncio.sleep",
        "1 more to look at: --diff shows them",
    ]
    assert "HF202" in said.out
    assert "HF101" not in said.out
    text = (project / "main.py").read_text(encoding="utf-8")
    assert "    await asyncio.sleep(1)\n" in text

    assert main(["audit", str(project), "--no-cache", "--fix"]) == 1
    assert capsys.readouterr().err.splitlines() == ["1 more to look at: --diff shows them"]
    assert (project / "main.py").read_text(encoding="utf-8") == text


def test_nothing_left_ends_with_0(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "main.py").write_text(SOURCE.replace('rates")', 'rates", timeout=1)'), encoding="utf-8")
    assert main(["audit", str(project), "--no-cache"]) == 1
    assert main(["audit", str(project), "--no-cache", "--fix"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("options", [["--diff"], ["--fix", "--diff"]])
def test_diffs_write_nothing_and_apply_with_patch(
    options: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(project), "--no-cache", *options]) == 1
    said = capsys.readouterr().out
    assert (project / "main.py").read_text(encoding="utf-8") == SOURCE
    assert "# not applied by --fix: main.py:17: HF202 waits at most TIMEOUT\n" in said
    assert "# check: decide TIMEOUT\n" in said
    subprocess.run(["git", "apply", "-p1"], input=said, text=True, cwd=project, check=True)
    text = (project / "main.py").read_text(encoding="utf-8")
    assert "    await asyncio.sleep(1)\n" in text
    assert 'requests.get("http://rates", timeout=TIMEOUT)' in text
