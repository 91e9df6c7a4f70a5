"""`python -m benchmarks [--quick] [NAME ...]`: one benchmark after the other, each in a process of its own.

Ends with the worst of their exit codes: 1 where a bound was missed or a benchmark broke, else 5 where
something is missing that is compared with, else 0. What was not as required is listed last.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence

from benchmarks.process import ROOT, python
from benchmarks.report import MARK, NOT_DECIDED

NAMES = (
    "gatekeeper",
    "driver",
    "accuracy",
    "calls",
    "demo",
    "ratelimit",
    "idempotency",
    "cache",
    "logs",
    "watchdog",
    "audit",
    "overload",
    "failure",
    "verdict",
)

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named ones, all where none is named; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter and less certain")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; default: all")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    codes, remarks = [], []
    for name in dict.fromkeys(options.names or NAMES):
        print(f"== {name}", flush=True)
        try:
            code, missed = run(name, quick=options.quick)
        except KeyboardInterrupt:
            return _INTERRUPTED
        print(flush=True)
        codes.append(code)
        remarks += [f"{name}: {line}" for line in missed or explain(code)]
    print("\n".join(remarks) or "everything within what is required")
    return worst(codes)


def run(name: str, *, quick: bool) -> tuple[int, list[str]]:
    """Run one and pass its output on; return its exit code and the checks that it printed as missed."""
    command = python(f"benchmarks.{name}", *(["--quick"] if quick else []))
    missed = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        try:
            for line in child.stdout or ():
                print(line, end="", flush=True)
                if line.startswith(MARK):
                    missed.append(line.removeprefix(MARK).strip())
        except KeyboardInterrupt:
            child.wait()  # the terminal told it too, and it has servers of its own to end
            raise
    return child.returncode, missed


def explain(code: int) -> list[str]:
    """Say what an exit code without a missed check means; nothing for 0."""
    if not code:
        return []
    return ["not decided: something is missing"] if code == NOT_DECIDED else [f"broke with exit code {code}"]


def worst(codes: Iterable[int]) -> int:
    """Return one exit code for several: whatever failed is 1, and outweighs what could not be decided."""
    failed = set(codes) - {0}
    return (NOT_DECIDED if failed <= {NOT_DECIDED} else 1) if failed else 0


if __name__ == "__main__":
    sys.exit(main())
