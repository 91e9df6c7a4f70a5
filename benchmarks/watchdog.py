"""What watching an event loop finds, and what it costs: the stall watch, blockbuster and aiocop.

One service blocks its loop in ten ways, each in a helper of its own, several times: sleeping, computing,
hashing a password and other C code with and without the GIL, a blocking client, a child process, a pipe, a
lock, a database. A stall is found if it is reported at all; its line is right if it is among those that the
report names, its route if the report names the request's template. Then the same service answers requests
that do not block: CPU of the whole process, the contenders by turns; and then nothing at all.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.blocking_service import KINDS, line_of
from benchmarks.process import ROOT, python
from benchmarks.report import check, exit_code, figures, machine, missing, table
from benchmarks.watchers import WATCHERS

_MOST = 0.03
"""Of the process's CPU, and of a core while it is idle."""

_BATCH = 4000
"""Requests between two looks at the clock: some 0.4 s of CPU."""


class Child:
    """A process with one watcher, which does what it is told and answers in JSON."""

    def __init__(self, name: str, stack: ExitStack, *, blocks: bool) -> None:
        command = python("benchmarks.blocking_service", name, *([] if blocks else ["quick only"]))
        self._process = stack.enter_context(
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        stack.callback(self._process.kill)
        self._read("ready")

    def ask(self, order: str) -> Any:
        """Give an order; return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        return json.loads(self._read(order))

    def _read(self, order: str) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the service ended at {order!r} with {self._process.wait()}")
        return line


class Found:
    """What one watcher reported of `told` stalls."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.found = self.lines = self.routes = self.told = 0

    def add(self, kind: str, reports: list[dict[str, Any]]) -> None:
        """Count one stall of `kind`."""
        line, route = line_of(kind), f"GET /{kind}/{{item}}"
        self.told += 1
        self.found += bool(reports)
        self.lines += any(line in report["lines"] for report in reports)
        self.routes += any(report["route"] == route for report in reports)
        if reports:
            self.kinds.add(kind)


def find(name: str, times: int) -> Found:
    """Let one watcher watch every kind of stall `times` times."""
    found = Found()
    with ExitStack() as stack:
        child = Child(name, stack, blocks=True)
        for _ in range(times):
            for kind in KINDS:
                found.add(kind, child.ask(kind))
    return found


def cost(rounds: int, idle: float) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Return, by watcher, CPU us per request, what that is above nobody's (a share), and the share of a core
    that it takes while idle."""
    spent: dict[str, list[float]] = {name: [] for name in WATCHERS}
    with ExitStack() as stack:
        children = {name: Child(name, stack, blocks=False) for name in WATCHERS}
        for child in children.values():
            child.ask(f"quick {_BATCH // 4}")
        for turn in range(rounds):
            names = list(children)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                spent[name].append(children[name].ask(f"quick {_BATCH}") / _BATCH * 1e6)
        at_rest = {name: child.ask(f"idle {idle}") / idle for name, child in children.items()}
    base = spent["nobody"]
    each = {name: statistics.median(values) for name, values in spent.items()}
    share = {
        name: statistics.median(mine / bare - 1 for mine, bare in zip(values, base, strict=True))
        for name, values in spent.items()
    }
    return each, share, at_rest


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watchdog", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less certain")
    quick = parser.parse_args(arguments).quick
    missing("aiocop", "blockbuster")
    times, rounds, idle = (1, 7, 3.0) if quick else (10, 41, 20.0)
    watching = [name for name in WATCHERS if name != "nobody"]
    found = {name: find(name, times) for name in watching}
    each, share, at_rest = cost(rounds, idle)
    machine()
    rows: list[tuple[object, ...]] = [
        ("nobody", None, None, None, None, f"{each['nobody']:.1f}", None, f"{at_rest['nobody']:.2%}")
    ]
    for name in watching:
        seen = found[name]
        rows.append(
            (
                name,
                f"{len(seen.kinds)} of {len(KINDS)}",
                f"{seen.found / seen.told:.0%}",
                f"{seen.lines / seen.told:.0%}",
                f"{seen.routes / seen.told:.0%}",
                f"{each[name]:.1f}",
                f"{share[name]:+.1%}",
                f"{at_rest[name]:.2%}",
            )
        )
    headings = ("watcher", "kinds", "found", "line", "route", "CPU us/request", "added", "idle, of a core")
    table(headings, rows)
    mine = found["holdfast"]
    checks = [
        check("stalls found, of all", mine.found / mine.told, ">=", 1.0),
        check("with the right line, of all", mine.lines / mine.told, ">=", 1.0),
        check("with the right route, of all", mine.routes / mine.told, ">=", 1.0),
        check("CPU added, of the process's", share["holdfast"], "<=", _MOST),
        check("CPU while idle, of a core", at_rest["holdfast"], "<=", _MOST),
    ]
    measured: dict[str, float] = {
        "found": mine.found / mine.told,
        "kinds": len(mine.kinds),
        "right_line": mine.lines / mine.told,
        "right_route": mine.routes / mine.told,
        "cpu_share": share["holdfast"],
        "idle_share": at_rest["holdfast"],
    }
    for name in watching[1:]:
        seen = found[name]
        measured |= {
            f"{name}_found": seen.found / seen.told,
            f"{name}_kinds": len(seen.kinds),
            f"{name}_right_line": seen.lines / seen.told,
            f"{name}_right_route": seen.routes / seen.told,
            f"{name}_cpu_share": share[name],
            f"{name}_idle_share": at_rest[name],
        }
    figures(**measured)
    return exit_code(checks)


if __name__ == "__main__":
    sys.exit(main())
