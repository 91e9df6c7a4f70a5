"""The files that a run of the gate leaves in a folder: its document, and the renderings of it."""

from __future__ import annotations

from pathlib import Path

from holdfast.gate.report import html, junit, markdown
from holdfast.gate.result import GateResult

__all__ = ["write"]


def write(result: GateResult, folder: Path) -> None:
    """Write gate.json, gate.html, gate.md and gate.junit.xml into `folder`, which is there."""
    result.write(folder / "gate.json")
    for name, written in (("html", html), ("md", markdown), ("junit.xml", junit)):
        (folder / f"gate.{name}").write_text(written.render(result), encoding="utf-8")
