"""The load: phases of an open model on 2,000 kept-alive connections, in a driver process on its own core."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.overload.measure import ANSWERED, Seen
from benchmarks.process import ROOT, pinned, python
from holdfast.gate.drive import Plan, Records
from holdfast.gate.shape import Phase, RequestSpec, catalogue, schedule

__all__ = ["CONNECTIONS", "Load"]

CONNECTIONS = 2000

_PATIENCE = 10.0
"""Seconds after which the driver gives a request up: later than anything that is judged."""

_MARGIN = 0.2
"""Seconds after the last moment that is judged until the driver is stopped."""

_IDLE = 4.0
"""Seconds after which the driver closes an idle connection, before the servers' 5 s do under a request."""

Change = tuple[float, Callable[[], None]]
"""At so many seconds after the start, this is called."""


class Load:
    """Drives from `core`."""

    def __init__(self, core: int | None) -> None:
        self._core = core
        self._seed = 0

    def closed(self, port: int, *, users: int, seconds: float) -> Seen:
        """Drive with `users` that send their next request as soon as they have an answer.

        Far more is due than anybody can serve, and what finds no connection free is not sent.
        """
        return self._run(port, [Phase("closed", 4000.0, seconds, "constant")], connections=users)

    def open(
        self,
        port: int,
        phases: Sequence[tuple[float, float]],
        *,
        critical: float = 0.0,
        changes: Sequence[Change] = (),
    ) -> Seen:
        """Drive phases of (requests a second, seconds); `critical` is the share of POST /critical."""
        named = [Phase(str(number), rate, seconds) for number, (rate, seconds) in enumerate(phases)]
        return self._run(port, named, connections=CONNECTIONS, critical=critical, changes=changes)

    def _run(
        self,
        port: int,
        phases: Sequence[Phase],
        *,
        connections: int,
        critical: float = 0.0,
        changes: Sequence[Change] = (),
    ) -> Seen:
        self._seed += 1
        usual = RequestSpec("GET /work", weight=1 - critical)
        specs = [usual, RequestSpec("POST /critical", weight=critical)]
        requests = catalogue(specs, authority=f"127.0.0.1:{port}", seed=self._seed)
        due = schedule(phases, requests, seed=self._seed)
        plan = Plan(
            "127.0.0.1",
            port,
            _PATIENCE,
            connections,
            requests.payloads,
            due.at,
            due.request,
            idle_s=_IDLE,
            connections_first=connections,
            waits=False,
            spins=True,
        )
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            plan.write(folder)
            seconds = sum(phase.seconds for phase in phases)
            cpu_s = self._drive(folder, changes, until=seconds + ANSWERED + _MARGIN)
            return Seen.of(Records.read(folder), critical=1, cpu_s=cpu_s)

    def _drive(self, folder: Path, changes: Sequence[Change], *, until: float) -> float:
        with pinned(self._core):
            child = subprocess.Popen(
                python("holdfast.gate.drive", folder, "--now"),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert child.stdout is not None
        with child:
            try:
                line: dict[str, float] = {}
                while "start_ns" not in line:
                    text = child.stdout.readline()
                    if not text:
                        raise SystemExit(f"the driver ended with {child.wait()}")
                    line = json.loads(text)
                for at, change in changes:
                    time.sleep(max(0.0, line["start_ns"] / 1e9 + at - time.monotonic()))
                    change()
                last = self._rest(child, line["start_ns"] / 1e9 + until)
            except BaseException:
                child.kill()
                raise
        # Its exit code says no more: one that is stopped in its last moments dies by the signal.
        summary = json.loads(last)
        if not summary.get("finished"):
            raise SystemExit(f"the driver ended with {child.returncode}")
        return float(summary["cpu_s"])

    def _rest(self, child: subprocess.Popen[str], end: float) -> str:
        """Return the driver's last line, having stopped it at `end` if it waits for answers still."""
        try:
            output, _ = child.communicate(timeout=max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
            output, _ = child.communicate()
        return output.splitlines()[-1] if output else "{}"
