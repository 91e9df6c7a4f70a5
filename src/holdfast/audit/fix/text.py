"""What fixes change, for people: unified diffs that `patch -p1` takes, and a line for each fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from holdfast.audit.fix.edit import Fix
from holdfast.audit.fix.mend import Mended, Shown
from holdfast.audit.fix.project import Project
from holdfast.audit.proposal import Proposal

__all__ = ["diffs", "lines", "proposal"]


def diffs(project: Project, mended: Mended) -> Iterator[str]:
    """Yield the diffs, line by line: first what `--fix` would write, then what is only shown.

    Each of the latter is made on the ones before it, so that all of them apply in this order.
    """
    for file, after in sorted(mended.texts.items()):
        for fix in mended.applied:
            if file in fix.files:
                yield f"# safe: {_said(fix)}"
        yield from _diff(file, project.original(file), after)
    for one in mended.shown:
        yield f"# not applied by --fix: {_said(one.fix)}"
        yield f"# check: {one.fix.check}"
        for file, after in sorted(one.after.items()):
            yield from _diff(file, one.before[file], after)


def lines(mended: Mended, unwritten: dict[str, str]) -> Iterator[str]:
    """Yield what was done; `unwritten`: the files that were not written, and why."""
    for fix in mended.applied:
        if not fix.files & unwritten.keys():
            yield f"fixed {_said(fix)}"
    for fix, why in mended.refused:
        yield f"not fixed {_said(fix)}: {why}"
    for file, why in sorted({**mended.untouched, **unwritten}.items()):
        yield f"not written {file}: {why}"
    if mended.shown:
        yield f"{len(mended.shown)} more to look at: --diff shows them"


def proposal(one: Shown) -> Proposal:
    """Return a fix as a report tells it."""
    changed = (_diff(file, one.before[file], after) for file, after in sorted(one.after.items()))
    return Proposal(one.fix.what, one.fix.check, tuple(line for lines in changed for line in lines))


def _said(fix: Fix) -> str:
    finding = fix.finding
    return f"{finding.file}:{finding.line}: {finding.rule} {fix.what}"


def _diff(file: str, before: bytes, after: bytes) -> Iterator[str]:
    """Yield a unified diff; bytes that are no UTF-8 are shown as escapes."""
    old, new = (_lines(data) for data in (before, after))
    for line in difflib.unified_diff(old, new, f"a/{file}", f"b/{file}"):
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "backslashreplace")
    return [f"{line}\n" for line in text.split("\n")[:-1]] + (
        [rest] if (rest := text.rsplit("\n", 1)[-1]) else []
    )
