"""The wall clock jumps by hours, both ways, under load: nobody notices, since all that waits is monotonic."""

from __future__ import annotations

import ast
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

import holdfast
from tests.chaos.clients import crowd, steady
from tests.chaos.conftest import Launch
from tests.serve.running import get, until

ROOT = Path(holdfast.__file__).parent

RUN_TIME = ("policy", "loop", "service", "client", "telemetry", "serve", "work")
"""The rooms of which a running service is made."""

SECONDS = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("time", "ctime"),
}
DATES = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}

DATED = ("telemetry", "serve")
"""Rooms that write records for people, which bear a date."""


def wall_clock(source: str, names: AbstractSet[tuple[str, str]]) -> list[int]:
    """Return the lines that read the wall clock by one of `names`, or import that from `time`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = (
                owner.id
                if isinstance(owner, ast.Name)
                else owner.attr
                if isinstance(owner, ast.Attribute)
                else ""
            )
            if (name, node.attr) in names:
                found.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [node.lineno for name in node.names if ("time", name.name) in names]
    return found


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import time\ntime.time()", [2]),
        ("import time\nnow = time.time", [2]),
        ("from time import monotonic, time", [1]),
        ("import datetime\ndatetime.datetime.now()", [2]),
        ("from datetime import date\ndate.today()", [2]),
        ("import time\ntime.monotonic()\ntime.thread_time()", []),
    ],
)
def test_what_counts_as_reading_the_wall_clock(source: str, lines: list[int]) -> None:
    assert wall_clock(source, SECONDS | DATES) == lines


EXCEPT = {
    "client/http/verdicts.py",  # Retry-After may be a date
    # What machines share bears dates, no other clock is theirs in common: values in Redis, and what was
    # written to a database whose replicas another worker reads.
    "client/sql/replica/router.py",
    "client/sql/replica/writes.py",
    "policy/cache/guard.py",
    "policy/cache/store/redis.py",
    "policy/cache/tier.py",
    # HTTP's own conditions and ages are dates.
    "service/download/file.py",
    "service/response/answering.py",
    "service/response/preconditions.py",
    "service/response/shelf.py",
    "telemetry/logs/handler.py",  # a log line bears a date
}


def test_nothing_that_decides_reads_the_wall_clock() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for room in RUN_TIME
        for path in sorted((ROOT / room).rglob("*.py"))
        for line in wall_clock(path.read_text(), SECONDS if room in DATED else SECONDS | DATES)
    }
    assert {place for place in found if place.partition(":")[0] not in EXCEPT} == set()


def compiled(folder: Path) -> Path:
    """Return the library that moves the wall clock; skips where there is no compiler, except in CI."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        reason = "a C compiler on Linux is needed to move the clock of a process"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)  # nobody reads there what was skipped
        pytest.skip(reason)
    built = folder / "wall.so"
    source = Path(__file__).with_name("wall.c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", built, source], check=True)
    return built


def test_a_service_whose_wall_clock_jumps_goes_on_as_if_nothing_were(launch: Launch, tmp_path: Path) -> None:
    offset = tmp_path / "offset"
    offset.write_bytes(bytes(8))
    held = launch(2, environ={"LD_PRELOAD": str(compiled(tmp_path)), "WALL_OFFSET": str(offset)})
    pids = held.pids()
    clients = [steady("/slow?ms=20", keep=number % 2 == 0) for number in range(8)]
    with crowd(held.address, *clients) as found:
        until(lambda: found.count() > 50, "the load")
        for jump in (+36_000, -31_536_000):
            with offset.open("r+b") as file:
                file.write(struct.pack("=q", jump))
            told = get(held.address, "/time").json()["wall"] - time.time()
            assert abs(told - jump) < 60  # it is really there
            served = found.count()
            until(lambda before=served: found.count() > before + 100, "the load to go on")  # type: ignore[misc]
            # The deadline of 1 s neither fires at once nor never.
            began = time.monotonic()
            assert get(held.address, "/slow?ms=10000").status == 504
            assert 0.9 < time.monotonic() - began < 8.0
            assert get(held.admin, "/readyz").status == 200
            assert all(worker["heartbeat_age"] < 5 for worker in held.service.workers())
    assert found.hows().keys() == {200}, found.hows()
    assert held.pids() == pids
    assert (held.service.state()["killed"], held.service.state()["restarts"]) == (0, 0)
