"""The reports show what would mend the code, where `--diff` asks for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdfast.cli import main

SOURCE = """\
import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/rates")
async def rates():
    return requests.get("http://rates", timeout=1).json()


@app.get("/<b>")
async def b():
    return requests.get("http://b", timeout=1).json()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE)
    return tmp_path


def told(project: Path, form: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main(["audit", str(project), "--no-cache", "--format", form, *more]) == 1
    assert (project / "main.py").read_text() == SOURCE
    return capsys.readouterr().out


def test_each_finding_has_its_own_in_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = json.loads(told(project, "json", capsys, "--diff"))["findings"]
    assert (first["diff"]["what"], first["diff"]["check"]) == ("awaits requests.get in a thread", "")
    assert '-    return requests.get("http://rates", timeout=1).json()' in first["diff"]["lines"]
    assert not any("http://b" in line for line in first["diff"]["lines"] if line[:1] in "+-")
    assert "+import asyncio" in second["diff"]["lines"]


def test_without_it_there_is_none(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(project, "json", capsys))["findings"]
    assert [one["diff"] for one in found] == [None, None]
    assert "As it should be" in told(project, "markdown", capsys)


def test_markdown_has_it_in_a_fence(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(project, "markdown", capsys, "--diff")
    assert "Mended: awaits requests.get in a thread\n\n```diff\n--- a/main.py\n" in text
    assert "As it should be" not in text


def test_html_has_it_beside_the_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = told(project, "html", capsys, "--diff")
    assert "<b>mended</b> awaits requests.get in a thread" in page
    assert 'class="line new"' in page
    assert "<b>good</b>" not in page


def test_text_is_the_diffs_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(project, "text", capsys, "--diff").startswith("# safe: main.py:9")
