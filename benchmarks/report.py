"""What every benchmark prints: what is missing, the machine, a table, the checks, the figures.

missing("slowapi")                                       # names what is not there and ends with exit 5
wrk = program("wrk", hint="apt install wrk")             # its path, or None and a line that names it
machine()
table(("generator", "us a request"), rows)
checks = [check("driver <= 1.2 x autocannon", 8.1, "<=", 12.4)]
figures(driver_us=8.1, wrk_us=6.3)                       # one JSON object, the last line
return exit_code(checks)
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

__all__ = [
    "MARK",
    "NOT_DECIDED",
    "Figure",
    "check",
    "exit_code",
    "figures",
    "machine",
    "median",
    "missing",
    "package",
    "program",
    "table",
]

Figure = float | None
"""A measured number; None where what measures it is missing."""

_MISSED = 1
NOT_DECIDED = 5
"""The exit code where something that is compared with is missing."""

MARK = "  NO "
"""How the line of a check begins that did not hold."""


def missing(*packages: str) -> None:
    """End with NOT_DECIDED, naming them, where Python packages cannot be imported."""
    found = [package(name) for name in packages]
    if not all(found):
        sys.exit(NOT_DECIDED)


def package(name: str) -> bool:
    """Whether a Python package is there, which is not imported; its name printed if not."""
    if importlib.util.find_spec(name) is not None:
        return True
    print(f"missing: {name} (pip install {name.replace('_', '-')})", file=sys.stderr)
    return False


def program(name: str, *, path: str | None = None, hint: str) -> str | None:
    """Return where a program is (`path` if given, else in PATH); None, and its name printed, if nowhere."""
    found = shutil.which(path or name)
    if found is None:
        print(f"missing: {path or name} ({hint})", file=sys.stderr)
    return found


def machine() -> None:
    """Print what figures depend on: processor, cores, kernel, Python, and how busy the machine already is."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    kernel = f"{platform.system()} {platform.release()}"
    python, busy = platform.python_version(), os.getloadavg()[0]
    print(f"{model}, {os.cpu_count()} cores, {kernel}, Python {python}, load {busy:.1f}", flush=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
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


def check(what: str, measured: Figure, sense: Literal["<=", ">="], required: Figure) -> bool | None:
    """Hold a figure against what is required and print how that went; None where either is missing."""
    if measured is None or required is None:
        print(f"  ?  {what}: not measured")
        return None
    held = measured <= required if sense == "<=" else measured >= required
    print(f"{'  ok ' if held else MARK}{what}: {_cell(measured)} {sense} {_cell(required)}")
    return held


def exit_code(checks: Sequence[bool | None]) -> int:
    """Return 1 where a check failed, else NOT_DECIDED where one could not be made, else 0."""
    if False in checks:
        return _MISSED
    return NOT_DECIDED if None in checks else 0


def figures(**measured: Figure) -> None:
    """Print the figures as one JSON object: the last line of a benchmark."""
    rounded = {name: None if value is None else float(f"{value:.5g}") for name, value in measured.items()}
    print(f"\n{json.dumps(rounded, allow_nan=False)}", flush=True)


def median(values: Sequence[float]) -> Figure:
    """Return the median, None of nothing."""
    return statistics.median(values) if values else None


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
