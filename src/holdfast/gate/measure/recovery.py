"""How long until the service is as good as before, once the disturbance is over.

"Back" means: from there on, over a window of `WINDOW` seconds, the share of good requests is at least
`AS_GOOD` of what it was in the steady phase. Sliding the window one request at a time instead of reading
buckets keeps the answer from depending on where a bucket begins.
"""

from __future__ import annotations

import numpy as np

from holdfast.gate.measure.run import Run

__all__ = ["AS_GOOD", "WINDOW", "seconds_to_recover"]

WINDOW = 2.0
"""Seconds. Long enough that a lucky second does not count as recovery, short enough to fit in the phase."""

AS_GOOD = 0.95
"""Five in a hundred allow for the scatter of a window of a few hundred requests."""


def seconds_to_recover(run: Run, *, healed: float, until: float, steady_share: float) -> float | None:
    """Return the seconds from `healed` to the first request from which on `WINDOW` seconds are good again.

    0 when that is the very first one, None when there is none in [healed, until]. `steady_share`: good /
    offered in the steady phase, 0..1.
    """
    inside = np.flatnonzero(run.between(healed, until))
    if not len(inside) or steady_share <= 0:  # as good as a service that was never good is no recovery
        return None
    at = run.at[inside]
    total = np.concatenate(([0], np.cumsum(run.good[inside])))
    ends = np.searchsorted(at, at + WINDOW, side="right")
    starts = np.arange(len(at))
    whole = at + WINDOW <= until
    share = (total[ends] - total[starts]) / (ends - starts)
    back = np.flatnonzero(whole & (share >= AS_GOOD * steady_share))
    if not len(back):
        return None
    return float(at[back[0]] - healed) if back[0] else 0.0
