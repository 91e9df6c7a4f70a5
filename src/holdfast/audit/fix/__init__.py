"""Fixes: what mends findings, made with libcst so that formatting stays, and audited before it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from holdfast.audit.finding import Finding
from holdfast.audit.fix.mend import Mended, each, mend
from holdfast.audit.fix.numbers import Numbers
from holdfast.audit.fix.project import Project
from holdfast.audit.fix.text import diffs, lines, proposal
from holdfast.audit.fix.write import write
from holdfast.audit.proposal import Proposal

__all__ = ["apply", "propose", "show"]


def show(
    root: Path, wanted: Collection[Finding], *, tests: bool = False, cache: Path | None = None
) -> Iterator[str]:
    """Yield the diffs of all fixes for `wanted`, findings of the project at `root`; nothing is written.

    `tests` and `cache` as in `audit`. Raises what that raises.
    """
    project, mended = _mended(root, wanted, tests, cache)
    yield from diffs(project, mended)


def propose(
    root: Path, wanted: Collection[Finding], *, tests: bool = False, cache: Path | None = None
) -> dict[Finding, Proposal]:
    """Return what would mend each of `wanted`, by itself, where something is known; nothing is written."""
    found = each(Project(root, tests=tests, cache=cache), Numbers.of(root), wanted)
    return {one.fix.finding: proposal(one) for one in found}


def apply(
    root: Path, wanted: Collection[Finding], *, tests: bool = False, cache: Path | None = None
) -> list[str]:
    """Write the safe fixes for `wanted`, and return a line for each, and for each that was not written."""
    project, mended = _mended(root, wanted, tests, cache)
    told = {
        file: write(project.file(file), project.original(file), text)
        for file, text in sorted(mended.texts.items())
    }
    return list(lines(mended, {file: why for file, why in told.items() if why}))


def _mended(
    root: Path, wanted: Collection[Finding], tests: bool, cache: Path | None
) -> tuple[Project, Mended]:
    project = Project(root, tests=tests, cache=cache)
    return project, mend(project, Numbers.of(root), wanted)
