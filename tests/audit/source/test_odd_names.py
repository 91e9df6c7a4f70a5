"""Names of files that are no UTF-8, as an archive from elsewhere leaves them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from holdfast.audit import audit
from holdfast.cli import main

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file can have such a name")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"m\xe9.py")).write_text(
        "import time\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n"
        "@app.get('/')\nasync def slow():\n    time.sleep(1)\n"
    )
    return folder


def test_they_are_read_and_kept(project: Path, tmp_path: Path) -> None:
    first = audit(project, cache=tmp_path / "cache").findings
    assert [one.file for one in first] == [os.fsdecode(b"m\xe9.py")]
    assert audit(project, cache=tmp_path / "cache").findings == first


@pytest.mark.parametrize("form", ["text", "json", "html", "markdown", "junit", "sarif", "github"])
def test_they_are_told(project: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(project), "--no-cache", "--format", form]) == 1
    assert "HF101" in capsys.readouterr().out
