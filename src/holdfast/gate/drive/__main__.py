"""`python -m holdfast.gate.drive DIR [--now]`: read the plan in DIR, drive it, write the records there.

On standard output, one JSON object a line:

    {"ready": true}                          the plan is read; a line (or the end) on standard input starts it
    {"start_ns": ...}                        CLOCK_MONOTONIC of offset 0
    {"t", "sent", "done", "ok", "refused", "failed", "p50", "p99"}       about every 250 ms
    {"finished": true, "interrupted", "sent", "done", "ok", "refused", "failed", "not_sent", "answered",
     "lag_p50", "lag_p99", "cpu_s", "wall_s"}             records.npz is written

Exit 0 when the schedule is through, 130 when SIGINT or SIGTERM ended it (what there is is written), 2 with
one line on standard error when the plan cannot be driven.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from holdfast.errors import HoldfastError
from holdfast.gate.drive.plan import Plan
from holdfast.gate.drive.progress import Snapshot
from holdfast.gate.drive.report import summary
from holdfast.gate.drive.session import run

__all__ = ["main"]

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the driver process; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m holdfast.gate.drive", description="Drive a plan.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="holds plan.json and schedule.npz")
    parser.add_argument("--now", action="store_true", help="do not wait for a line on standard input")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _drive(options.folder, now=options.now)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # the reader of the lines is gone, and with it the reason to go on
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _INTERRUPTED
    except (HoldfastError, OSError) as error:
        print(error, file=sys.stderr)
        return error.exit_code if isinstance(error, HoldfastError) else 2


def _drive(folder: Path, *, now: bool) -> int:
    plan = Plan.read(folder)
    _say({"ready": True})
    if not now:
        sys.stdin.readline()
    lines = _Lines()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        records = runner.run(run(plan, started=lines.started, watch=lines.watch, signals=True))
    lines.close()
    records.write(folder)
    _say(summary(records))
    return _INTERRUPTED if records.interrupted else 0


class _Lines:
    """Writes lines while driving: a reader that is slow loses lines, it does not slow the driver."""

    def __init__(self) -> None:
        self._fd = sys.stdout.fileno()
        # Only a pipe is ours alone; a terminal's mode is shared with the shell.
        self._pipe = stat.S_ISFIFO(os.fstat(self._fd).st_mode)

    def started(self, start_ns: int) -> None:
        _say({"start_ns": start_ns})
        if self._pipe:
            os.set_blocking(self._fd, False)

    def watch(self, snapshot: Snapshot) -> None:
        line = json.dumps(dataclasses.asdict(snapshot)) + "\n"
        try:
            os.write(self._fd, line.encode())  # shorter than PIPE_BUF: whole or not at all
        except BlockingIOError:
            return

    def close(self) -> None:
        if self._pipe:
            os.set_blocking(self._fd, True)


def _say(document: dict[str, Any]) -> None:
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    sys.exit(main())
