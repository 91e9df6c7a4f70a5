"""How fast a project is read: cold while it grows, and again after one file has changed.

Each run is a process of its own on two cores; the time is the process's, its start and imports included. The
memory is the sum over its processes: its own peak, and that of the one which reads files beside it.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.audit.tree import change_names, change_statement, changeable, grow, widest
from benchmarks.process import ROOT
from benchmarks.report import Figure, median, table

__all__ = ["LINES", "Speed", "speed"]

SIZES = [50_000, 100_000, 200_000, 400_000, 650_000]
LINES = 200_000
"""The size that the second audits and the memory are measured at."""


@dataclass(frozen=True, slots=True)
class Run:
    """One audit: what it read, the seconds it took by the clock and of the processor, its peak of memory."""

    files: int
    lines: int
    seconds: float
    cpu_s: float
    mib: float


@dataclass(slots=True)
class Speed:
    """`cold`: the best run of each size. The warm times are in seconds, None where the tree is too small."""

    cold: dict[int, Run] = field(default_factory=dict)
    warm_s: Figure = None
    warm_widest_s: Figure = None

    def cold_s(self, size: int) -> Figure:
        """Return the seconds for a project of `size` lines."""
        return self.cold[size].seconds if size in self.cold else None

    @property
    def lines_per_s_cold(self) -> Figure:
        """Lines a second of the size that is judged."""
        run = self.cold.get(LINES)
        return run.lines / run.seconds if run is not None else None

    @property
    def peak_mib(self) -> Figure:
        """The peak of all its processes together, of that size."""
        return self.cold[LINES].mib if LINES in self.cold else None

    @property
    def exponent(self) -> Figure:
        """The k of CPU time ~ lines**k, by least squares over the sizes; 1 is linear."""
        if len(self.cold) < 3:
            return None
        lines = [math.log(run.lines) for run in self.cold.values()]
        times = [math.log(run.cpu_s) for run in self.cold.values()]
        return statistics.linear_regression(lines, times).slope


def speed(source: Path, *, quick: bool) -> Speed:
    """Measure growing parts of the code in `source`, and print a table of them."""
    found = Speed()
    with tempfile.TemporaryDirectory() as folder:
        tree, cache = Path(folder) / "tree", Path(folder) / "cache"
        for size in grow(source, tree, SIZES):
            runs = []
            for _ in range(1 if quick else 3):
                shutil.rmtree(cache, ignore_errors=True)
                runs.append(_timed(tree, cache))
            found.cold[size] = min(runs, key=lambda run: run.seconds)
            if size == LINES:
                _warm(found, tree, cache, count=1 if quick else 7)
    table(
        ("lines", "files", "seconds cold", "lines/s", "CPU s", "CPU us a line", "MiB"),
        [
            (
                *(f"{run.lines:,}", str(run.files), f"{run.seconds:.1f}", f"{run.lines / run.seconds:,.0f}"),
                *(f"{run.cpu_s:.1f}", f"{run.cpu_s / run.lines * 1e6:.1f}", f"{run.mib:.0f}"),
            )
            for run in found.cold.values()
        ],
    )
    return found


def _warm(found: Speed, tree: Path, cache: Path, *, count: int) -> None:
    """Measure second audits: after a statement more in one file, of several files the median; and after one
    and after a new name in the file that most others import, the slower of them."""

    def after(change: Callable[[Path, int], None], file: Path, number: int) -> float:
        change(file, number)
        return _timed(tree, cache).seconds

    each = [after(change_statement, file, number) for number, file in enumerate(changeable(tree, count))]
    found.warm_s = median(each)
    file = widest(tree)
    inside, names = after(change_statement, file, count), after(change_names, file, count + 1)
    found.warm_widest_s = max(inside, names)
    rows = [
        (
            "a statement, in small to large files",
            f"{min(each):.2f}",
            f"{median(each):.2f}",
            f"{max(each):.2f}",
        ),
        (f"a statement in {file.relative_to(tree)}", None, f"{inside:.2f}", None),
        (f"a new function in {file.relative_to(tree)}", None, f"{names:.2f}", None),
    ]
    table(("seconds after one change", "least", "median", "most"), rows)


_RUN = """
import gc, json, os, resource, sys
from pathlib import Path

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
from holdfast.audit import audit

found = audit(Path(sys.argv[1]), cache=Path(sys.argv[2]))
gc.freeze()  # as the command line does
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu = sum(one.ru_utime + one.ru_stime for one in used)
print(json.dumps([found.files, found.lines, cpu, sum(one.ru_maxrss for one in used) / 1024]))
"""


def _timed(tree: Path, cache: Path) -> Run:
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(tree), str(cache)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    files, lines, cpu, mib = json.loads(done.stdout)
    return Run(files, lines, seconds, cpu, mib)
