"""What the audit finds of known defects, and how fast it reads: holdfast, Ruff and flake8-async.

`python -m benchmarks.audit REPOSITORIES [--cases FILE] [--tree FOLDER] [--copies N]`. The cases are defects
of public projects, mended there later, and places that only look like one; FILE lists them (JSON), and
REPOSITORIES holds the projects at the commits that it names, as OWNER+NAME. A finding of holdfast matches a
case when its rule is that of the case's class and it, or a step of its chain, stands on one of the case's
`match_lines`; of the others any finding on such a line counts. Findings below the default confidence do not
count. Ruff and flake8 read only the files that the cases name (all of them take flake8 ten minutes); what a
tool flags is counted in these files.

The speed is that on a large project: `--tree`, or the largest of REPOSITORIES. It is read cold, with an empty
cache, and again after a statement was put into a function of one file; of several such files the median
counts. `--copies` reads it as often side by side too, which shows how the time grows.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.process import ROOT
from benchmarks.report import Figure, check, exit_code, figures, machine, median, package, table

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

_RECALL_BLOCKING, _RECALL_OTHER = 0.9, 0.8
_COLD, _WARM_S, _PEAK_MIB = 20_000, 1.0, 1024
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
            read[repository] = TOOLS[tool](_folder(repositories, case), sorted(files[repository]))
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


def speed(tree: Path, *, copies: int, quick: bool) -> tuple[Figure, Figure, Figure]:
    """Return lines a second cold, seconds warm after one changed file, and the peak in MiB of the cold run.

    Each run is a process of its own; the time is the process's, its start and imports included.
    """
    cold_s, warm, peaks = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        copy, cache = Path(folder) / "tree" / "copy0", Path(folder) / "cache"
        shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "node_modules"))
        for _ in range(1 if quick else 3):
            shutil.rmtree(cache, ignore_errors=True)
            seconds, lines, peak = _timed(copy, cache)
            cold_s.append(seconds)
            peaks.append(peak)
        for number, file in enumerate(_spread(copy, 1 if quick else 7)):
            _change(file, number)
            warm.append(_timed(copy, cache)[0])
        rows: list[tuple[str | None, ...]] = [("1", str(lines), f"{min(cold_s):.1f}", f"{peak:.0f}")]
        for number in range(1, copies):
            shutil.copytree(copy, copy.with_name(f"copy{number}"), symlinks=True)
            seconds, lines, peak = _timed(copy.parent, None)
            rows.append((str(number + 1), str(lines), f"{seconds:.1f}", f"{peak:.0f}"))
        table(("copies", "lines", "seconds cold", "MiB"), rows)
    return median([lines / seconds for seconds in cold_s]), median(warm), max(peaks)


def _spread(tree: Path, count: int) -> list[Path]:
    """Return so many files with functions, from small ones to the largest."""
    files = [
        file
        for file in sorted(tree.rglob("*.py"), key=lambda file: (file.stat().st_size, file))
        if "test" not in str(file.relative_to(tree)) and _last_statement(file) is not None
    ]
    return files[len(files) // (2 * count) :: max(1, len(files) // count)][:count]


def _last_statement(file: Path) -> ast.stmt | None:
    """Return the last statement of the last function in a file, where it has a line to itself."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return None
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    last = functions[-1].body[-1] if functions else None
    return last if last is not None and last.lineno > functions[-1].lineno else None


def _change(file: Path, number: int) -> None:
    """Put a call into a function of a file."""
    statement = _last_statement(file)
    assert statement is not None
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    lines.insert(statement.lineno - 1, f"{' ' * statement.col_offset}changed = print({number})\n")
    file.write_text("".join(lines), encoding="utf-8")


_RUN = """
import gc, json, resource, sys
from pathlib import Path
from holdfast.audit import audit

found = audit(Path(sys.argv[1]), cache=Path(sys.argv[2]) if sys.argv[2:] else None)
gc.freeze()  # as the command line does
peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([found.lines, sum(peaks) / 1024]))
"""


def _timed(tree: Path, cache: Path | None) -> tuple[float, int, float]:
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(tree), *([str(cache)] if cache is not None else [])],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    lines, peak = json.loads(done.stdout)
    return time.perf_counter() - began, lines, peak


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    default = ROOT.parent / "cases"
    parser.add_argument("repositories", nargs="?", type=Path, default=default, help="as OWNER+NAME in there")
    parser.add_argument("--cases", type=Path, default=CASES, help="the list of cases, JSON")
    parser.add_argument("--tree", type=Path, help="a large project, for the speed")
    parser.add_argument("--copies", type=int, default=1, help="so many times the tree, to see how it grows")
    parser.add_argument("--quick", action="store_true", help="the speed once only")
    options = parser.parse_args(arguments)
    cases: list[dict[str, Any]] = json.loads(options.cases.read_text()) if options.cases.is_file() else []
    if not cases:
        print(f"missing: {options.cases} (the list of cases)", file=sys.stderr)
    there = [case for case in cases if _folder(options.repositories, case).is_dir()]
    for repository in sorted({case["repo"] for case in cases} - {case["repo"] for case in there}):
        print(f"missing: {options.repositories / repository.replace('/', '+')}", file=sys.stderr)
    machine()
    recall_blocking, recall_other, lookalikes = _recall(there, options.repositories)
    if len(there) < len(cases):
        recall_blocking = recall_other = lookalikes = None  # of all cases or of none
    cold: Figure = None
    warm: Figure = None
    peak: Figure = None
    tree = options.tree or _largest(options.repositories)
    if tree is not None:
        cold, warm, peak = speed(tree, copies=options.copies, quick=options.quick)
    checks = [
        check("recall of what blocks", recall_blocking, ">=", _RECALL_BLOCKING),
        check("recall of the others", recall_other, ">=", _RECALL_OTHER),
        check("look-alikes flagged", lookalikes, "<=", 0),
    ]
    if tree is not None:
        checks += [
            check("lines a second, cold", cold, ">=", _COLD),
            check("seconds after one changed file", warm, "<=", _WARM_S),
            check("peak MiB", peak, "<=", _PEAK_MIB),
        ]
    figures(
        recall_blocking=recall_blocking,
        recall_other=recall_other,
        lookalikes_flagged=lookalikes,
        lines_per_s_cold=cold,
        warm_s=warm,
        peak_mib=peak,
    )
    return exit_code(checks)


def _largest(repositories: Path) -> Path | None:
    """Return the project with most Python in it."""
    folders = [one for one in repositories.iterdir() if one.is_dir()] if repositories.is_dir() else []
    return max(folders, key=lambda one: sum(1 for _ in one.rglob("*.py")), default=None)


def _folder(repositories: Path, case: dict[str, Any]) -> Path:
    folder: Path = repositories / case["repo"].replace("/", "+")
    return folder


def _recall(cases: Sequence[dict[str, Any]], repositories: Path) -> tuple[Figure, Figure, Figure]:
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


if __name__ == "__main__":
    sys.exit(main())
