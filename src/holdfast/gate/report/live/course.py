"""What is known of a running gate: frozen states, each made from the one before, so that the thread that
draws and the one that reports never meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Course", "Rates", "Sample"]

# Seconds over which a rate is taken: about eight of the driver's lines, so that it neither jumps nor lags.
WINDOW = 2.0
# As many of the driver's lines as the curves show: a quarter of a minute at four lines a second.
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the driver: `t` in seconds from its start, counts from there on, latencies in seconds."""

    t: float
    sent: int
    ok: int
    refused: int
    failed: int
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests a second between two samples."""

    offered: float
    ok: float
    refused: float
    failed: float


@dataclass(frozen=True, slots=True)
class Course:
    """The state. `since` is the clock's time at which the phase began, `first` the sample then."""

    name: str = ""
    detail: str = ""
    seconds: float = 0.0
    since: float = 0.0
    note: str = ""
    stalls: int = 0
    first: Sample | None = None
    recent: tuple[Sample, ...] = ()

    def begun(self, name: str, seconds: float, detail: str, now: float) -> Course:
        """Return the state after a phase began."""
        return replace(self, name=name, seconds=seconds, detail=detail, since=now, note="", first=self.last)

    def reported(self, line: Mapping[str, Any]) -> Course:
        """Return the state after a line of the driver; lines without figures ("ready") change nothing."""
        if "t" not in line:
            return self
        sample = Sample(
            t=float(line["t"]),
            sent=int(line.get("sent", 0)),
            ok=int(line.get("ok", 0)),
            refused=int(line.get("refused", 0)),
            failed=int(line.get("failed", 0)),
            p50=line.get("p50"),
            p99=line.get("p99"),
        )
        # A driver that starts anew counts from nothing: what came before is another run's.
        kept = self.recent if self.last is None or sample.t >= self.last.t else ()
        first = self.first if kept else None
        return replace(self, first=first, recent=(*kept[-SHOWN:], sample))

    @property
    def last(self) -> Sample | None:
        """The newest sample."""
        return self.recent[-1] if self.recent else None

    def left(self, now: float) -> float:
        """Return the seconds that the phase still has."""
        return max(0.0, self.since + self.seconds - now)

    def rates(self) -> Rates | None:
        """Return the rates of the last moments, None before two samples."""
        if self.last is None:
            return None
        earlier = [one for one in self.recent[:-1] if self.last.t - one.t <= WINDOW]
        return _between(earlier[0], self.last) if earlier else None

    def phase_rates(self) -> Rates | None:
        """Return the rates of the phase as a whole."""
        start = self.first or Sample(0.0, 0, 0, 0, 0, None, None)
        return _between(start, self.last) if self.last else None

    def curve(self) -> tuple[float, ...]:
        """Return the good answers a second between each sample shown and the next."""
        pairs = zip(self.recent, self.recent[1:], strict=False)
        found = (_between(one, other) for one, other in pairs)
        return tuple(rates.ok for rates in found if rates)


def _between(one: Sample, other: Sample) -> Rates | None:
    span = other.t - one.t
    if span <= 0:
        return None
    names = ("sent", "ok", "refused", "failed")
    return Rates(*((getattr(other, name) - getattr(one, name)) / span for name in names))
