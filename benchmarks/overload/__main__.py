"""Goodput under overload: `Holdfast(app)` without being told a number, against peers with the right one.

See `benchmarks.overload` for the service and the load. Contenders take turns on one core, in processes of
their own: holdfast (`holdfast serve`, adaptive limit), bare Uvicorn, an ASGI semaphore tuned by hand, and
FastAPI's Depends(max_concurrency=) with the same number; and `write_only`, the least that a refusal can cost.
Then: the work changes under the adaptive limit; priorities, recovery and a stalled dependency. Full: about
20 minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.overload.contender import Contenders, Running
from benchmarks.overload.curve import LOADS, Curve
from benchmarks.overload.curve import Lengths as CurveLengths
from benchmarks.overload.events import priority, recovery, stall
from benchmarks.overload.grammar import ADAPTIVE, CLASSES, supported
from benchmarks.overload.load import Load
from benchmarks.overload.outcome import HELD, JUDGED, Found, checks, document, show
from benchmarks.overload.peer import FLOOR, PEERS
from benchmarks.overload.service import TUNED
from benchmarks.overload.shift import KINDS, OFFERED, SHIFT, Grid, Shift, measure_running
from benchmarks.overload.shift import Lengths as ShiftLengths
from benchmarks.process import cores
from benchmarks.report import Figure, exit_code, machine, median, missing, table

_ONLY_FULL = "only in the full run"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    rounds: int
    loads: tuple[float, ...]
    peer_rounds: int
    peer_loads: tuple[float, ...]
    floor_loads: tuple[float, ...]
    held: CurveLengths
    peer: CurveLengths
    shift: ShiftLengths | None
    repeats: dict[int, int]
    """Of the fixed limits near the best and of the adaptive one, by workers."""
    events: int
    peer_events: bool
    event_s: float
    after_s: float
    hangs_s: float


FULL = Scale(
    rounds=3,
    loads=LOADS,
    peer_rounds=2,
    peer_loads=JUDGED,
    floor_loads=(10.0, 25.0, 50.0),
    held=CurveLengths(load=5.0, skip=1.0, closed=5.0, closed_skip=2.0),
    peer=CurveLengths(load=3.5, skip=1.0, closed=3.0, closed_skip=0.5),
    shift=ShiftLengths(),
    repeats={1: 3, 2: 1},
    events=3,
    peer_events=True,
    event_s=6.0,
    after_s=10.0,
    hangs_s=30.0,
)

QUICK = Scale(
    rounds=1,
    loads=JUDGED,
    peer_rounds=1,
    peer_loads=(10.0,),
    floor_loads=(50.0,),
    held=CurveLengths(load=1.8, skip=0.6, closed=3.0, closed_skip=1.5),
    peer=CurveLengths(load=1.8, skip=0.6, closed=1.6, closed_skip=0.3),
    shift=None,
    repeats={},
    events=1,
    peer_events=False,
    event_s=2.0,
    after_s=3.5,
    hangs_s=2.0,
)


@dataclass(slots=True)
class Session:
    """One run of the benchmark."""

    scale: Scale
    contenders: Contenders
    load: Load
    admission: list[str]
    found: dict[str, Found] = field(default_factory=dict)

    def curves(self) -> None:
        """Measure goodput over the load, contenders in turn."""
        self.found[HELD] = Found(Curve(HELD, lambda: self.contenders.held(self.admission), fresh=False))
        for name in (*PEERS, FLOOR):
            self.found[name] = Found(Curve(name, self._peer(name), fresh=True))
        scale = self.scale
        for number in range(scale.rounds):
            for name, one in self.found.items():
                if name == HELD:
                    one.curve.round(self.load, scale.loads, scale.held)
                elif number < scale.peer_rounds:
                    loads = scale.floor_loads if name == FLOOR else scale.peer_loads
                    one.curve.round(self.load, loads, scale.peer)
                else:
                    continue
                last = one.curve.rounds[-1]
                shown = ", ".join(f"{times:g}x {window.good:.0f}" for times, window in last.items())
                limit = f", limit {one.curve.limits}" if one.curve.limits else ""
                say(f"{name}, round {number + 1}: {one.curve.capacities[-1]:.0f}/s; good/s {shown}{limit}")
        for name in PEERS:
            for times in JUDGED:
                if times not in scale.peer_loads:
                    self.found[name].reasons[f"goodput_{times:g}x"] = _ONLY_FULL

    def events(self) -> None:
        """Measure priorities and recovery, of all; a stalled dependency, of the held service."""
        scale = self.scale
        classes = any(line == CLASSES for line in self.admission)
        for name, one in self.found.items():
            if name == FLOOR:
                continue
            if name != HELD and not scale.peer_events:
                one.reasons |= {"high_priority": _ONLY_FULL, "recovery_s": _ONLY_FULL}
                continue
            critical, back = [], []
            if name == HELD:
                with one.curve.start() as running:
                    self._learn(running)
                    for _ in range(scale.events):
                        critical.append(self._priority(running, one))
                        back.append(self._recovery(running, one))
                    self._stall(running, one)
            else:
                # Each on its own: none inherits the backlog of the other.
                for event, results in ((self._priority, critical), (self._recovery, back)):
                    with one.curve.start() as running:
                        results.append(event(running, one))
            one.high_priority = median([share for share in critical if share is not None])
            self._keep(one, "recovery_s", back, f"not within {scale.after_s:g} s")
            if name == HELD and not classes:
                one.reasons["high_priority"] = "this build has no classes"
            say(f"{name}: critical served {critical}, recovered after {back} s")
        for name in PEERS:
            self.found[name].reasons["stall_recovery_s"] = "of the held service only"

    def shift(self) -> None:
        """Hold the adaptive limit against fixed ones, with one worker and with two."""
        one = self.found[HELD]
        lengths = self.scale.shift
        if lengths is None or ADAPTIVE not in self.admission:
            reason = _ONLY_FULL if lengths is None else "this build has no adaptive limit"
            for found in self.found.values():
                found.reasons |= {"adaptive_worst": reason, "converged_s": reason}
            return
        rate = OFFERED * one.curve.capacity
        shares: list[Figure] = []
        seconds: list[Figure] = []
        best: dict[str, float] = {}
        for workers, repeats in self.scale.repeats.items():
            grid, adaptive = self._compare(workers, repeats, rate, lengths)
            bests = {kind: grid.best(kind, repeats=repeats) for kind in KINDS}
            best = best or {kind: rate_ for kind, (_, rate_) in bests.items()}
            rows = []
            for position, kind in enumerate(SHIFT):
                limit, good = bests[kind]
                share, took = adaptive.share(position, good), adaptive.seconds(position, good)
                shares.append(share)
                seconds.append(took)
                rows.append((f"{position + 1}. {kind}", limit, good, share, took))
            table((f"{workers} worker(s)", "best fixed", "good/s", "adaptive, of it", "within 5%, s"), rows)
            say(f"limits at the end: {adaptive.limits}")
        one.adaptive_worst = min((share for share in shares if share is not None), default=None)
        if None in seconds:
            one.never.add("converged_s")
            one.reasons["converged_s"] = "not within 5% before the work changed again"
        else:
            one.converged_s = max(value for value in seconds if value is not None)
        for name in PEERS:
            self._peer_shift(self.found[name], rate, best, lengths)

    def _compare(self, workers: int, repeats: int, rate: float, lengths: ShiftLengths) -> tuple[Grid, Shift]:
        """Measure the grid and the shift in turn, so that the machine's moods meet both."""
        grid = Grid(self.contenders, workers, rate, lengths)
        adaptive = Shift(self.contenders, workers, rate, lengths)
        grid.coarse(self.load)
        limits = grid.around()
        for kind, found in grid.found.items():
            say(f"{workers} worker(s), {kind}: " + ", ".join(f"{n}: {v[0]:.0f}" for n, v in found.items()))
        for _ in range(repeats):
            for limit, kinds in limits.items():
                grid.measure(self.load, limit, kinds)
            adaptive.measure(self.load)
        return grid, adaptive

    def _peer_shift(self, one: Found, rate: float, best: dict[str, float], lengths: ShiftLengths) -> None:
        shares = []
        for kind in KINDS:
            with one.curve.start() as running:
                _, good = measure_running(running, self.load, rate, [kind], lengths.fixed, lengths.fixed_skip)
                shares.append(good[0] / best[kind])
        one.adaptive_worst = min(shares)
        one.reasons["converged_s"] = "nothing adapts"

    def _learn(self, running: Running) -> None:
        """Let a fresh service meet its capacity, as it has when the load rises in production."""
        self.load.closed(running.port, users=20, seconds=2.0)

    def _priority(self, running: Running, one: Found) -> Figure:
        seconds = self.scale.event_s
        return priority(running, self.load, one.curve.capacity, seconds=seconds, skip=min(1.0, seconds / 3))

    def _recovery(self, running: Running, one: Found) -> Figure:
        over, after = self.scale.event_s, self.scale.after_s
        return recovery(running, self.load, one.curve.capacity, over=over, after=after)

    def _stall(self, running: Running, one: Found) -> None:
        hangs, after = self.scale.hangs_s, self.scale.after_s
        took = stall(running, self.load, one.curve.capacity, before=2.5, hangs=hangs, after=after)
        self._keep(one, "stall_recovery_s", [took], f"not within {self.scale.after_s:g} s")
        say(f"{HELD}: as before {took} s after a stall of {hangs:g} s")

    def _keep(self, one: Found, name: str, took: Sequence[Figure], never: str) -> None:
        """Keep the median; never is later than any time."""
        middle = median([float("inf") if value is None else value for value in took])
        if middle is None or middle == float("inf"):
            one.never.add(name)
            one.reasons[name] = never
            return
        setattr(one, name, middle)

    def _peer(self, name: str) -> Callable[[], AbstractContextManager[Running]]:
        return lambda: self.contenders.peer(name)


def say(text: str) -> None:
    """Print how far it is."""
    print(text, flush=True)


def admission(folder: Path) -> list[str]:
    """Return [admission] as far as this build reads it."""
    lines = [ADAPTIVE] if supported([ADAPTIVE], folder) else [f"limit = {TUNED}"]
    if lines != [ADAPTIVE]:
        say(f"missing: an adaptive limit; {TUNED} is used instead")
    if supported([*lines, CLASSES], folder):
        return [*lines, CLASSES]
    say("missing: classes of requests")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute, less and less certain")
    parser.add_argument("--rounds", type=int, default=0, help="of the curves; default 3, quick 1")
    scale = QUICK if (options := parser.parse_args(arguments)).quick else FULL
    missing("uvloop", "httptools", "uvicorn", "gunicorn", "numpy")
    if options.rounds:
        scale = replaced(scale, options.rounds)
    serving, loading = cores()
    machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session = Session(scale, Contenders(folder, serving), Load(loading), admission(folder))
        session.curves()
        session.events()
        session.shift()
    show(session.found)
    expected = [] if scale.shift is None else ["adaptive_worst"]
    expected += [f"goodput_{times:g}x" for times in scale.loads]
    made = checks(session.found[HELD], expected=expected)
    print(f"\n{document(session.found)}", flush=True)
    return exit_code(made)


def replaced(scale: Scale, rounds: int) -> Scale:
    """Return the scale with another number of rounds."""
    return replace(scale, rounds=rounds, peer_rounds=min(rounds, scale.peer_rounds))


if __name__ == "__main__":
    sys.exit(main())
