"""The right limit moves tenfold during a run; the adaptive one is held against the best fixed one.

Both are the same build, budget and way to refuse; only `admission.limit` differs. All meet the same offered
load, in the same kinds of work. Fixed limits are measured in steps of two over the plausible range, then in
steps of 1.25 around the best for each kind of work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.overload.contender import Contenders, Running
from benchmarks.overload.dial import AS_EVER, Work
from benchmarks.overload.grammar import ADAPTIVE
from benchmarks.overload.load import Change, Load
from benchmarks.overload.measure import Seen
from benchmarks.report import Figure, median

__all__ = ["KINDS", "SHIFT", "Grid", "Lengths", "Shift", "course", "measure_running"]

OFFERED = 3.0
"""Times the capacity for the first kind of work."""

STEP = 1.25

WITHIN = 0.95
"""Of the best fixed limit's goodput."""

KINDS = {
    "as ever": AS_EVER,
    "awaited x 10": Work(awaited=0.200),
    "CPU x 4": Work(cpu=0.004),
}

SHIFT = ("as ever", "awaited x 10", "as ever", "CPU x 4")
"""The order in which the work changes under the adaptive limit."""

COARSE = (4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Seconds: of a kind of work under a fixed limit and of its beginning that is not judged; the same for
    the adaptive limit, which has to find its number in that beginning.
    """

    fixed: float = 2.5
    fixed_skip: float = 0.8
    adaptive: float = 13.0
    adaptive_skip: float = 10.0


def course(running: Running, kinds: Sequence[str], seconds: float) -> list[Change]:
    """Return the changes that have each kind of work last for so many seconds."""
    return [
        (number * seconds, lambda kind=kind: running.dial.set(KINDS[kind]))  # type: ignore[misc]
        for number, kind in enumerate(kinds)
    ]


def measure_running(
    running: Running, load: Load, rate: float, kinds: Sequence[str], seconds: float, skip: float
) -> tuple[Seen, list[float]]:
    """Drive the kinds one after the other; return the run, and good requests a second in each kind."""
    running.dial.set(KINDS[kinds[0]])
    changes = course(running, kinds, seconds)
    seen = load.open(running.port, [(rate, seconds * len(kinds))], changes=changes)
    # Who is due in the last moments of a kind is served in the next one.
    return seen, [seen.window(n * seconds + skip, (n + 1) * seconds - 0.3).good for n in range(len(kinds))]


@dataclass(slots=True)
class Grid:
    """Good requests a second by kind of work and fixed limit, all repeats."""

    contenders: Contenders
    workers: int
    rate: float
    lengths: Lengths
    found: dict[str, dict[int, list[float]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})

    def measure(self, load: Load, limit: int, kinds: Iterable[str]) -> None:
        """Measure one limit once; `limit` is of the whole service."""
        chosen = [kind for kind in KINDS if kind in set(kinds)]
        with self.contenders.held([f"limit = {limit}"], workers=self.workers) as running:
            _, good = measure_running(
                running, load, self.rate, chosen, self.lengths.fixed, self.lengths.fixed_skip
            )
        for kind, value in zip(chosen, good, strict=True):
            self.found[kind].setdefault(limit, []).append(value)

    def coarse(self, load: Load, limits: Sequence[int] = COARSE) -> None:
        """Measure the whole range once."""
        for limit in limits:
            self.measure(load, limit * self.workers, KINDS)

    def around(self) -> dict[int, list[str]]:
        """Return the limits one and two steps around the best of each kind, and the kinds they are for."""
        wanted: dict[int, list[str]] = {}
        for kind in KINDS:
            best, _ = self.best(kind)
            for power in (-2, -1, 0, 1, 2):
                wanted.setdefault(max(self.workers, round(best * STEP**power)), []).append(kind)
        return dict(sorted(wanted.items()))

    def best(self, kind: str, *, repeats: int = 1) -> tuple[int, float]:
        """Return the best limit of those measured at least so often, and its median."""
        medians = {
            limit: median(values) or 0.0
            for limit, values in self.found[kind].items()
            if len(values) >= repeats
        }
        best = max(medians, key=lambda limit: medians[limit])
        return best, medians[best]


@dataclass(slots=True)
class Shift:
    """The adaptive limit through the changes: by position in `SHIFT`, all repeats."""

    contenders: Contenders
    workers: int
    rate: float
    lengths: Lengths
    runs: list[Seen] = field(default_factory=list)
    good: list[list[float]] = field(default_factory=list)
    limits: list[list[int]] = field(default_factory=list)

    def measure(self, load: Load) -> None:
        """Go through the changes once."""
        lengths = self.lengths
        limits: list[int] = []
        with self.contenders.held([ADAPTIVE], workers=self.workers) as running:
            seen, good = measure_running(
                running, load, self.rate, SHIFT, lengths.adaptive, lengths.adaptive_skip
            )
            limits = running.limits()
        self.runs.append(seen)
        self.good.append(good)
        self.limits.append(limits)

    def share(self, position: int, best: float) -> Figure:
        """Return the median of the goodput of one stretch, as a share of the best fixed limit's."""
        value = median([good[position] for good in self.good])
        return None if value is None or not best else value / best

    def seconds(self, position: int, best: float) -> Figure:
        """Return the median of the seconds after which it was within 5%; None where it mostly was not."""
        lengths = self.lengths
        begin = position * lengths.adaptive
        took = [seen.reaches(WITHIN * best, begin, begin + lengths.adaptive) for seen in self.runs]
        # Never is later than any time.
        middle = median([float("inf") if value is None else value for value in took])
        return None if middle is None or middle == float("inf") else middle
