"""Moments at which a gate is ended, and what came of it."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.gated import Folder

CHANCE = random.Random(20)

PATIENCE = 60.0
"""Seconds after which something is taken to hang; no moment is judged by how long it takes."""


@dataclass(frozen=True)
class Moment:
    """`signals` are sent `after` seconds from the line that says `said`, `between` seconds apart."""

    said: str
    after: float
    signals: tuple[signal.Signals, ...]
    between: float = 0.0


INT, TERM, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGKILL

MOMENTS = {
    "wiring": Moment("wiring", CHANCE.uniform(0, 0.3), (INT,)),
    "booting": Moment("starting", CHANCE.uniform(0, 1.5), (INT,)),
    "warming up": Moment("warm-up:", CHANCE.uniform(0, 3), (INT,)),
    "steady": Moment("steady:", CHANCE.uniform(0, 4), (INT,)),
    "failing": Moment("entries reset:", CHANCE.uniform(0, 3), (INT,)),
    "twice": Moment("steady:", CHANCE.uniform(0, 2), (INT, INT), CHANCE.uniform(0.05, 0.5)),
    "cancelled booting": Moment("starting", CHANCE.uniform(0, 1.5), (TERM,)),
    "cancelled": Moment("warm-up:", CHANCE.uniform(0, 2), (TERM,)),
    "killed booting": Moment("starting", CHANCE.uniform(0, 1.5), (KILL,)),
    "killed": Moment("steady:", CHANCE.uniform(0, 2), (KILL,)),
}


@dataclass(frozen=True)
class Ended:
    """What came of it: `ports` that were used, `before` and `left` the processes before and after."""

    code: int
    ports: set[int]
    before: list[int]
    left: list[int]
    stderr: str
    scratch: list[str]


def until(holds: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE} s for {what}")


def ports_of(pids: list[int]) -> set[int]:
    """Return the ports that processes were told to use on their command lines."""
    found: set[int] = set()
    for pid in pids:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        found |= {int(word) for word in words if re.fullmatch(r"[1-9]\d{3,4}", word)}
    return found


def interrupted(made: Folder, moment: Moment) -> Ended:
    process = made.start("gate")
    try:
        return _interrupted(made, moment, process)
    finally:
        made.destroy()
        process.wait()


def _interrupted(made: Folder, moment: Moment, process: subprocess.Popen[bytes]) -> Ended:
    def reached() -> bool:
        assert process.poll() is None, made.stderr
        return moment.said in made.stdout

    until(reached, moment.said)
    time.sleep(moment.after)
    before = made.left()
    ports = ports_of(before)
    for number in moment.signals:
        if process.poll() is None:
            os.kill(process.pid, number)
        time.sleep(moment.between)
    code = process.wait(PATIENCE)
    until(lambda: not made.left(), f"{made.left()} to end")
    return Ended(code, ports, before, made.left(), made.stderr, made.scratch())
