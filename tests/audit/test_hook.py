"""The hook for pre-commit, which installs the package without its extras."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_hook_brings_what_the_command_line_needs() -> None:
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split("[<>=]", one)[0] for one in project["optional-dependencies"]["cli"]}
    match = re.search(r"additional_dependencies: \[(.+)\]", hook)
    assert match is not None
    assert needed <= set(match[1].split(", "))
    assert "entry: holdfast audit\n" in hook
