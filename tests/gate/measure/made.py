"""Records as a driver would bring them, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.gate.drive.records import RETRY_AFTER, Cause, Outcome, Records
from holdfast.gate.measure import Run


@dataclass(frozen=True)
class Sli:
    bad: tuple[str, ...] = ("5xx", "shed", "deadline")
    excluded: tuple[str, ...] = ("4xx",)
    degraded: str = "good"


@dataclass(frozen=True)
class Sent:
    """A request due `at` seconds, answered after `took` seconds."""

    at: float
    took: float = 0.01
    status: int = 200
    outcome: Outcome = Outcome.NONE
    retry_after: bool = False
    payload: int = 0
    lag: float = 0.0


def records(requests: Sequence[Sent]) -> Records:
    at = np.array([round(r.at * 1e9) for r in requests], dtype=np.int64)
    never = np.array([r.status == Cause.NOT_SENT for r in requests])
    sent = np.where(never, -1, at + np.array([round(r.lag * 1e9) for r in requests]))
    return Records(
        at=at,
        request=np.array([r.payload for r in requests], dtype=np.int32),
        sent=sent.astype(np.int64),
        done=np.where(never, -1, at + np.array([round(r.took * 1e9) for r in requests])).astype(np.int64),
        status=np.array([r.status for r in requests], dtype=np.int16),
        outcome=np.array([r.outcome + RETRY_AFTER * r.retry_after for r in requests], dtype=np.uint8),
        start_ns=0,
        cpu_s=0.0,
    )


def run(
    requests: Sequence[Sent],
    *,
    names: Sequence[str] = ("GET /",),
    bounds: dict[str, float] | None = None,
    sli: Sli | None = None,
) -> Run:
    return Run(records(requests), names, {"GET /": 0.3} if bounds is None else bounds, sli or Sli())
