"""What a count of bad events among n says about their true share.

A percentile objective and an availability objective are the same question: "at most a share `allowed` of
the requests may be bad" (later than the bound, or failed). The exact binomial tail answers it with any
number of samples, where a percentile of few samples would not (Clopper and Pearson 1934).
"""

from __future__ import annotations

import math
from typing import Literal

__all__ = ["CONFIDENCE", "needed", "tail_at_least", "tail_at_most", "test"]

CONFIDENCE = 0.95
"""One-sided. A pass says: a service that breaks its promise would have shown as few bad events as this in
fewer than 5 of 100 runs, if bad events come one by one. They often come in bursts, a stall making a hundred
requests late at once, and a burst rarer than the run is long is mostly not in it: one run never shows that
such bursts do not exist."""

_RISK = 1 - CONFIDENCE + 1e-12  # what lies exactly at the limit is not decided by rounding


def tail_at_most(k: int, n: int, p: float) -> float:
    """Return P(X <= k) of a binomial with n trials and probability p."""
    if p <= 0 or k >= n:
        return 1.0
    if p >= 1:
        return 0.0
    return min(1.0, math.fsum(math.exp(_log_pmf(i, n, p)) for i in range(k + 1)))


def tail_at_least(k: int, n: int, p: float) -> float:
    """Return P(X >= k) of a binomial with n trials and probability p."""
    return 1.0 if k <= 0 else max(0.0, 1.0 - tail_at_most(k - 1, n, p))


def _log_pmf(i: int, n: int, p: float) -> float:
    choose = math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1)
    return choose + i * math.log(p) + (n - i) * math.log1p(-p)


def test(bad: int, n: int, allowed: float) -> Literal["pass", "fail", "cannot tell"]:
    """Decide whether at most a share `allowed` (0..1) of the events is bad, having seen `bad` of `n`."""
    if not n:
        return "cannot tell"
    if not 0 < allowed < 1:
        return "fail" if bad and allowed <= 0 else "pass"
    if tail_at_most(bad, n, allowed) <= _RISK:
        return "pass"
    if tail_at_least(bad, n, allowed) <= _RISK:
        return "fail"
    return "cannot tell"


def needed(allowed: float, bad: int = 0) -> int:
    """Return the least number of events with which `bad` bad ones pass; without any, the "rule of three"
    (3 / allowed)."""
    if not 0 < allowed < 1:
        return max(1, bad)
    enough = bad + 1
    while tail_at_most(bad, enough, allowed) > _RISK:
        enough *= 2
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if tail_at_most(bad, middle, allowed) <= _RISK else (middle, enough)
    return enough
