"""What every benchmark prints: the machine, a table, what is missing, the checks, the figures.

report = Report("driver", "CPU per request of load generators")
wrk = report.program("wrk", hint="apt install wrk")      # its path, or None and a line at the end
report.table(["generator", "us/request"], rows)
report.check("driver <= 1.2 x autocannon", 8.1, "<=", 12.4)
return report.finish({"driver_us": 8.1, "wrk_us": 6.3})  # the last line; the exit code
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

__all__ = ["Figure", "Report", "machine", "median"]

Figure = float | None
"""A measured number; None where what measures it is missing."""

_MISSED = 1
_NOT_DECIDED = 5


class Report:
    """The output of one benchmark, in the order in which it is called."""

    def __init__(self, name: str, title: str) -> None:
        self._missing: list[str] = []
        self._failed = False
        self._undecided = False
        print(f"{name}: {title}")
        print(f"on {machine()}\n", flush=True)

    def program(self, name: str, *, path: str | None = None, hint: str) -> str | None:
        """Return where a program is (`path` if given, else in PATH), None if nowhere."""
        found = shutil.which(path or name)
        if found is None:
            self._missing.append(f"{path or name} ({hint})")
        return found

    def package(self, name: str, *, hint: str) -> bool:
        """Whether a Python package is there, without importing it."""
        if importlib.util.find_spec(name) is not None:
            return True
        self._missing.append(f"{name} ({hint})")
        return False

    def note(self, text: str) -> None:
        """Print a line while measuring goes on."""
        print(text, flush=True)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print rows under headings: the first column to the left, numbers to the right; None as a dash."""
        cells = [list(headings), *([_cell(value) for value in row] for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
        print()
        for number, row in enumerate(cells):
            padded = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            print("  ".join([row[0].ljust(widths[0]), *padded]).rstrip())
            if number == 0:
                print("  ".join("-" * width for width in widths))
        print(flush=True)

    def check(self, what: str, measured: Figure, sense: Literal["<=", ">="], required: Figure) -> None:
        """Hold a figure against what is required; either None is not decided."""
        if measured is None or required is None:
            self._undecided = True
            print(f"  ?  {what}: not measured")
            return
        held = measured <= required if sense == "<=" else measured >= required
        self._failed |= not held
        print(f"  {'ok' if held else 'NO'} {what}: {_cell(measured)} {sense} {_cell(required)}")

    def finish(self, figures: Mapping[str, Figure]) -> int:
        """Name what is missing, print the figures as the last line and return the exit code."""
        for missing in self._missing:
            print(f"  missing: {missing}")
        print()
        rounded = {name: None if value is None else float(f"{value:.5g}") for name, value in figures.items()}
        print(json.dumps(rounded, allow_nan=False), flush=True)
        if self._failed:
            return _MISSED
        return _NOT_DECIDED if self._undecided or self._missing else 0


def machine() -> str:
    """Return what figures depend on: processor, cores, kernel, Python, and how busy it already is."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    busy = os.getloadavg()[0]
    kernel = f"{platform.system()} {platform.release()}"
    return f"{model}, {os.cpu_count()} cores, {kernel}, Python {platform.python_version()}, load {busy:.1f}"


def median(values: Sequence[float]) -> Figure:
    """Return the median, None of nothing."""
    return statistics.median(values) if values else None


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
