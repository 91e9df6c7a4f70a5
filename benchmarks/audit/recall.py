"""What is found of known defects, and flagged of places that only look like one.

A finding of holdfast matches a case when its rule is that of the case's class and it, or a step of its chain,
stands on one of the case's `match_lines`; of the others any finding on such a line counts. Findings below the
default confidence do not count. Ruff and flake8 read only the files that the cases name (all of them take
flake8 ten minutes); what a tool flags is counted in these files.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.process import ROOT
from benchmarks.report import Figure, package, table

__all__ = ["CASES", "folder_of", "recall"]

CASES = ROOT.parent / "shared" / "eval" / "audit-cases.json"

RULES = {
    "http-client-per-request": "HF201",
    "client-per-request": "HF201",
    "engine-per-request": "HF201",
    "missing-timeout": "HF202",
    "task-no-reference": "HF301",
    "base-http-middleware": "HF401",
    "n-plus-one-await-in-loop": "HF501",
}
"""The rule of a class of defects; that of all others is the blocking call."""

BLOCKING = "HF101"

_PLACE = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+):\d+:? ")

Places = dict[tuple[str, int], set[str]]
"""The codes of what was found, by (file, line)."""


@dataclass(slots=True)
class Score:
    """How many of each kind of case a tool found, and how many findings it made in all."""

    blocking: int = 0
    other: int = 0
    lookalikes: int = 0
    findings: int = 0


def holdfast(folder: Path, _files: Sequence[str]) -> Places:
    """Return what the audit finds at its default confidence, the steps of chains included."""
    from holdfast.audit import Confidence, audit

    found: Places = {}
    for finding in audit(folder).findings:
        if finding.confidence >= Confidence.MEDIUM:
            steps = [(step.file, step.line) for step in finding.chain]
            for place in ((finding.file, finding.line), *steps):
                found.setdefault(place, set()).add(finding.rule)
    return found


def ruff(folder: Path, files: Sequence[str]) -> Places:
    """Return what Ruff's rules of asyncio, FastAPI and performance find."""
    options = ("check", "--isolated", "--select", "ASYNC,FAST,PERF", "--preview", "--no-cache")
    return _printed(["-m", "ruff", *options, "--output-format", "concise", *files], folder)


def flake8_async(folder: Path, files: Sequence[str]) -> Places:
    """Return what flake8-async finds with all its rules."""
    options = ("--isolated", "--select", "ASYNC", "--enable", "ASYNC", "--jobs", "1")
    return _printed(["-m", "flake8", *options, *files], folder)


TOOLS = {"holdfast": holdfast, "ruff": ruff, "flake8-async": flake8_async}
NEEDS = {"ruff": "ruff", "flake8-async": "flake8_async"}


def _printed(arguments: Sequence[str], folder: Path) -> Places:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    found: Places = {}
    for line in done.stdout.splitlines():
        match = _PLACE.match(line)
        if match is not None:
            place = (match["file"].removeprefix("./"), int(match["line"]))
            found.setdefault(place, set()).add(line[match.end() :].split(None, 1)[0])
    return found


def score(tool: str, cases: Sequence[dict[str, Any]], repositories: Path, *, misses: bool) -> Score:
    """Return how a tool does on all cases, and print those that it gets wrong where `misses`."""
    result, read = Score(), {}
    files: dict[str, set[str]] = {}
    for case in cases:
        files.setdefault(case["repo"], set()).update(one["file"] for one in case["match_lines"])
    for case in cases:
        repository = case["repo"]
        if repository not in read:
            read[repository] = TOOLS[tool](folder_of(repositories, case), sorted(files[repository]))
        places = read[repository]
        wanted = RULES.get(case["class"], BLOCKING)
        at = [places.get((one["file"], one["line"]), set()) for one in case["match_lines"]]
        found = any(wanted in codes for codes in at) if tool == "holdfast" else any(at)
        defect = case["kind"] == "defect"
        if found and defect:
            result.blocking += wanted == BLOCKING
            result.other += wanted != BLOCKING
        elif found:
            result.lookalikes += 1
        if misses and found is not defect:
            what = "missed" if defect else "flagged"
            print(f"  {what}: {case['id']} {case['class']} {case['file']}:{case['line']}")
    result.findings = sum(
        len(codes)
        for repository, places in read.items()
        for (file, _), codes in places.items()
        if file in files[repository]
    )
    return result


def folder_of(repositories: Path, case: dict[str, Any]) -> Path:
    """Return where the repository of a case is."""
    folder: Path = repositories / case["repo"].replace("/", "+")
    return folder


def recall(cases: Sequence[dict[str, Any]], repositories: Path) -> tuple[Figure, Figure, Figure]:
    """Print the table; return holdfast's recall of blocking calls and of the others, and its look-alikes."""
    defects = [case for case in cases if case["kind"] == "defect"]
    blocking = sum(RULES.get(case["class"], BLOCKING) == BLOCKING for case in defects)
    other, lookalikes = len(defects) - blocking, len(cases) - len(defects)
    if not blocking or not other:
        return None, None, None
    rows: list[tuple[str | None, ...]] = []
    own = Score()
    for tool in TOOLS:
        if tool in NEEDS and not package(NEEDS[tool]):
            rows.append((tool, None, None, None, None))
            continue
        result = score(tool, cases, repositories, misses=tool == "holdfast")
        if tool == "holdfast":
            own = result
        of = (f"{result.blocking} of {blocking}", f"{result.other} of {other}")
        rows.append((tool, *of, f"{result.lookalikes} of {lookalikes}", str(result.findings)))
    table(("tool", "blocking", "other defects", "look-alikes", "places flagged"), rows)
    return own.blocking / blocking, own.other / other, float(own.lookalikes)
