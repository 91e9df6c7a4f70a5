"""What the audit finds of known defects, and how fast it reads: holdfast, Ruff and flake8-async.

`python -m benchmarks.audit REPOSITORIES [--cases FILE] [--tree FOLDER]`. The cases are defects of public
projects, mended there later, and places that only look like one; FILE lists them (JSON), and REPOSITORIES
holds the projects at the commits that it names, as OWNER+NAME. The speed is that on real code: on growing
parts of `--tree`, a folder with one or more projects in it, or of all REPOSITORIES.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.audit.recall import CASES, folder_of, recall
from benchmarks.audit.speed import LINES, Speed, speed
from benchmarks.process import ROOT
from benchmarks.report import check, exit_code, figures, machine

_RECALL_BLOCKING, _RECALL_OTHER = 0.9, 0.8
_COLD_S, _WARM_S, _PEAK_MIB = 10.0, 1.0, 1024
_LARGE, _LARGE_S = 650_000, 40.0
_LINEAR = 1.1
"""The largest exponent of growth that counts as linear: 1 and the noise of the machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    default = ROOT.parent / "cases"
    parser.add_argument("repositories", nargs="?", type=Path, default=default, help="as OWNER+NAME in there")
    parser.add_argument("--cases", type=Path, default=CASES, help="the list of cases, JSON")
    parser.add_argument("--tree", type=Path, help="a folder with much code, for the speed")
    parser.add_argument("--quick", action="store_true", help="the speed once only")
    parser.add_argument("--speed-only", action="store_true", help="leave the cases out")
    options = parser.parse_args(arguments)
    machine()
    found = (None, None, None) if options.speed_only else _recall(options.cases, options.repositories)
    tree = options.tree or options.repositories
    measured = speed(tree, quick=options.quick) if tree.is_dir() else Speed()
    if not tree.is_dir():
        print(f"missing: {tree} (code to read, for the speed)", file=sys.stderr)
    checks = [
        check("recall of what blocks", found[0], ">=", _RECALL_BLOCKING),
        check("recall of the others", found[1], ">=", _RECALL_OTHER),
        check("look-alikes flagged", found[2], "<=", 0),
        check(f"seconds for {LINES:,} lines, cold", measured.cold_s(LINES), "<=", _COLD_S),
        check(f"seconds for {_LARGE:,} lines, cold", measured.cold_s(_LARGE), "<=", _LARGE_S),
        check(f"MiB for {LINES:,} lines", measured.peak_mib, "<=", _PEAK_MIB),
        check("seconds after one changed file", measured.warm_s, "<=", _WARM_S),
        check("exponent by which the CPU time grows with the lines", measured.exponent, "<=", _LINEAR),
    ]
    figures(
        recall_blocking=found[0],
        recall_other=found[1],
        lookalikes_flagged=found[2],
        lines_per_s_cold=measured.lines_per_s_cold,
        warm_s=measured.warm_s,
        warm_widest_s=measured.warm_widest_s,
        peak_mib=measured.peak_mib,
        growth_exponent=measured.exponent,
    )
    return exit_code(checks)


def _recall(file: Path, repositories: Path) -> tuple[float | None, float | None, float | None]:
    """Return the recalls and the look-alikes of all cases; None where a repository of theirs is missing."""
    cases: list[dict[str, Any]] = json.loads(file.read_text()) if file.is_file() else []
    if not cases:
        print(f"missing: {file} (the list of cases)", file=sys.stderr)
    there = [case for case in cases if folder_of(repositories, case).is_dir()]
    for repository in sorted({case["repo"] for case in cases} - {case["repo"] for case in there}):
        print(f"missing: {repositories / repository.replace('/', '+')}", file=sys.stderr)
    found = recall(there, repositories)
    return found if len(there) == len(cases) else (None, None, None)


if __name__ == "__main__":
    sys.exit(main())
