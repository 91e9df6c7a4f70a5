"""How a run is going, from its growing records: a line every quarter of a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import monotonic_ns
from typing import TypeAlias

import numpy as np

from holdfast.gate.drive.engine import Engine
from holdfast.gate.drive.records import RETRY_AFTER, Cause, Outcome

__all__ = ["INTERVAL", "Progress", "Snapshot", "count"]

INTERVAL = 0.25
"""Seconds between two snapshots."""

_WINDOW = 4  # snapshots that p50 and p99 look back over: the last second

Floats: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"
Counts: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts since the start and percentiles of the last second.

    `t`: seconds since the start; `sent`: requests written; `done`: ended, in whatever way; of those `ok`,
    `refused` (the guard said no: shed, deadline, dependency or rate limit) and `failed` (a cause, or 5xx
    without a word of the guard). `p50`, `p99`: seconds from the due time, of the complete answers; None
    without any.
    """

    t: float
    sent: int
    done: int
    ok: int
    refused: int
    failed: int
    p50: float | None
    p99: float | None


class Progress:
    """Snapshots of an engine. Each looks only at the rows that may have changed since the last one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._settled = 0
        self._counts: Counts = np.zeros(5, dtype=np.int64)
        self._last = -1
        self._recent: deque[Floats] = deque(maxlen=_WINDOW)

    def snapshot(self) -> Snapshot:
        """Return how the run is going now."""
        engine = self._engine
        now = monotonic_ns() - engine.start_ns
        begin, settled, end = self._settled, engine.settled, engine.reached
        rows = slice(begin, end)
        status = np.frombuffer(engine.status, dtype=np.int16)[rows] if end else np.empty(0, np.int16)
        outcome = np.frombuffer(engine.outcome, dtype=np.uint8)[rows] if end else np.empty(0, np.uint8)
        done = np.frombuffer(engine.done, dtype=np.int64)[rows] if end else np.empty(0, np.int64)
        sent = np.frombuffer(engine.sent, dtype=np.int64)[rows] if end else np.empty(0, np.int64)
        fresh = (status > 0) & (done > self._last)
        due = np.frombuffer(engine.due, dtype=np.int64)[rows] if end else np.empty(0, np.int64)
        self._recent.append((done[fresh] - due[fresh]) / 1e9)
        self._last = now
        settling = settled - begin
        self._counts += count(status[:settling], outcome[:settling], sent[:settling])
        self._settled = settled
        sums = self._counts + count(status[settling:], outcome[settling:], sent[settling:])
        p50, p99 = _percentiles(np.concatenate(self._recent))
        written, ended, ok, refused, failed = sums.tolist()
        return Snapshot(now / 1e9, written, ended, ok, refused, failed, p50, p99)


def count(
    status: np.ndarray[tuple[int], np.dtype[np.int16]],
    outcome: np.ndarray[tuple[int], np.dtype[np.uint8]],
    sent: Counts,
) -> Counts:
    """Return [sent, done, ok, refused, failed]; the last three make up done."""
    said = outcome & (RETRY_AFTER - 1)
    answered = status > 0
    refused = answered & (said > 0) & (said != Outcome.DEGRADED)
    ok = answered & ~refused & (status < 500)
    done = (status != 0) & (status != Cause.NOT_SENT)
    counts = [np.count_nonzero(mask) for mask in (sent >= 0, done, ok, refused, done & ~ok & ~refused)]
    return np.array(counts, dtype=np.int64)


def _percentiles(latency: Floats) -> tuple[float | None, float | None]:
    """Return p50 and p99 by nearest rank."""
    count = len(latency)
    if not count:
        return None, None
    ranks = [-(-count * percent // 100) - 1 for percent in (50, 99)]
    ordered = np.partition(latency, ranks)
    return float(ordered[ranks[0]]), float(ordered[ranks[1]])
