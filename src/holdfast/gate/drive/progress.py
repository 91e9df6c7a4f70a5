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
    `refused` (the guard said no: shed, deadline, dependency or rate limit) and `failed` (a cause, a wrong
    answer, or 5xx without a word of the guard). `p50`, `p99`: seconds from the due time, of the complete
    answers; None without any.
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
        self._settled = [first for first, _, _ in engine.stretches()]
        self._counts: Counts = np.zeros(5, dtype=np.int64)
        self._last = -1
        self._recent: deque[Floats] = deque(maxlen=_WINDOW)

    def snapshot(self) -> Snapshot:
        """Return how the run is going now."""
        engine = self._engine
        now = monotonic_ns() - engine.start_ns
        fresh: list[Floats] = []
        sums = np.zeros(5, dtype=np.int64)
        for number, (_, settled, end) in enumerate(engine.stretches()):
            latency, settling, unsettled = self._look(self._settled[number], settled, end)
            fresh.append(latency)
            self._counts += settling
            sums += unsettled
            self._settled[number] = settled
        sums += self._counts
        self._recent.append(np.concatenate(fresh))
        self._last = now
        p50, p99 = _percentiles(np.concatenate(self._recent))
        written, ended, ok, refused, failed = sums.tolist()
        return Snapshot(now / 1e9, written, ended, ok, refused, failed, p50, p99)

    def _look(self, begin: int, settled: int, end: int) -> tuple[Floats, Counts, Counts]:
        """Return of the rows [begin, end) the latencies that are new, and the counts up to and from
        `settled`.
        """
        engine = self._engine
        if begin == end:
            none = np.zeros(5, dtype=np.int64)
            return np.empty(0), none, none
        rows = slice(begin, end)
        status = np.frombuffer(engine.status, dtype=np.int16)[rows]
        outcome = np.frombuffer(engine.outcome, dtype=np.uint8)[rows]
        done = np.frombuffer(engine.done, dtype=np.int64)[rows]
        sent = np.frombuffer(engine.sent, dtype=np.int64)[rows]
        due = np.frombuffer(engine.due, dtype=np.int64)[rows]
        fresh = (status > 0) & (done > self._last)
        cut = settled - begin
        return (
            (done[fresh] - due[fresh]) / 1e9,
            count(status[:cut], outcome[:cut], sent[:cut]),
            count(status[cut:], outcome[cut:], sent[cut:]),
        )


def count(
    status: np.ndarray[tuple[int], np.dtype[np.int16]],
    outcome: np.ndarray[tuple[int], np.dtype[np.uint8]],
    sent: Counts,
) -> Counts:
    """Return [sent, done, ok, refused, failed]; the last three make up done."""
    said = outcome & (RETRY_AFTER - 1)
    answered = status > 0
    wrong = said == Outcome.WRONG_ANSWER
    refused = answered & (said > 0) & (said != Outcome.DEGRADED) & ~wrong
    ok = answered & ~refused & ~wrong & (status < 500)
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
