"""One tool, run as the project would run it, its output where ours goes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from holdfast.check.answer import Answer
from holdfast.check.tools import Tool
from holdfast.clock import monotonic

__all__ = ["run"]

_GRACE = 10.0
"""Seconds that a tool has to end by itself after Ctrl-C, which reaches it as it reaches us."""


def run(name: str, tool: Tool, folder: Path) -> Answer:
    """Run `tool` in `folder` by the interpreter that runs us, and return what it answered."""
    if find_spec(tool.module) is None:
        return Answer(name, 2, f"{tool.module} is configured in {tool.place} and not installed")
    began = monotonic()
    with subprocess.Popen([sys.executable, "-m", tool.module, *tool.words], cwd=folder) as process:  # noqa: S603 - the project's own tool
        try:
            ended = process.wait()
        except BaseException:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
            process.kill()
            raise
    code = tool.codes.get(ended, 5)
    why = "nothing to check" if code is None else " ".join((tool.module, *tool.words))
    return Answer(name, code, why, monotonic() - began)
