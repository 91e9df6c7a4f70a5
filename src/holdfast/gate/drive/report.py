"""The last line of a driver: a run in a dozen numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from holdfast.gate.drive.progress import count
from holdfast.gate.drive.records import Cause, Records

__all__ = ["summary"]


def summary(records: Records) -> dict[str, Any]:
    """Return the final line: counts, seconds by which requests left late (None if none did), CPU, time."""
    sent, done, ok, refused, failed = count(records.status, records.outcome, records.sent).tolist()
    lag = records.lag()[records.sent >= 0]
    late = [float(value) for value in np.percentile(lag, (50, 99))] if len(lag) else [None, None]
    return {
        "finished": True,
        "interrupted": records.interrupted,
        "sent": sent,
        "done": done,
        "ok": ok,
        "refused": refused,
        "failed": failed,
        "not_sent": int(np.count_nonzero(records.status == Cause.NOT_SENT)),
        "answered": int(np.count_nonzero(records.answered())),
        "lag_p50": late[0],
        "lag_p99": late[1],
        "cpu_s": records.cpu_s,
        "wall_s": max(int(records.done.max(initial=0)), 0) / 1e9,
    }
