"""Ctrl-C while a command is still being imported ends it without a word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALLS = {
    "module": ["-m", "holdfast"],
    "script": ["-c", "import sys; from holdfast.cli import main; sys.exit(main())"],
}
IMPORTED = {
    "the verb's": "pydantic",
    "the surface's": "typer",
    "the outcome's": "traceback",
}


@pytest.mark.parametrize("module", IMPORTED.values(), ids=IMPORTED)
@pytest.mark.parametrize("words", CALLS.values(), ids=CALLS)
def test_an_import_is_interrupted(tmp_path: Path, words: list[str], module: str) -> None:
    source = "import os, signal\nprint('importing')\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / f"{module}.py").write_text(source)
    ended = subprocess.run(
        [sys.executable, *words, "plan"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "importing\n", "")


def test_the_way_to_main_imports_next_to_nothing() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import sys, holdfast.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    ours = {name for name in found.stdout.split() if name.startswith("holdfast")}
    assert ours == {"holdfast", "holdfast.cli", "holdfast.errors", "holdfast.version"}
