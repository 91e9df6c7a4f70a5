"""What p99 should be once a fix keeps the loop free: reckoned from what a gate measured.

Of the N good answers of a phase of L seconds on W workers, V requests were in flight while the loop stood
still (seen by the watchdog), and N * S / (L * W) more came while it did, as a random moment falls into S
stalled seconds that often. They are a share d = min(1, V / N + S / (L * W)) of all, and taken to be the
slowest. Without the stalls they take what the others take, so that with the measured share F(x) of answers
within x the others' is min(1, F(x) / (1 - d)). The requests that make the call themselves, a share o, go on
taking its time c: in a thread. The prediction is the smallest x at which

    (1 - o) * (1 - min(1, F(x) / (1 - d))) + o * (1 if x < c else 0)  <=  1%

It leaves out that requests which waited for a delayed one are faster too, and that a computation in a thread
still takes the processor from the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holdfast.audit.evidence.curve import Curve
from holdfast.audit.evidence.observed import Load
from holdfast.audit.words import many, milliseconds

__all__ = ["Prediction", "Spared", "prediction"]

_SHARE = 0.99
_STEPS = 60
"""Halvings of the range of latencies: far below a nanosecond."""


@dataclass(frozen=True, slots=True)
class Spared:
    """What a fix takes off the loop in one phase: `seconds` of standing still, `victims` of it, and `own`
    answers of requests that make the call themselves."""

    seconds: float
    victims: int
    own: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """p99 in seconds, as it was `measured` in `phase` of `source` and as it should be. `at_most`: it is no
    higher than `predicted`, as lower percentiles are not known. `how` it was reckoned, in words."""

    source: str
    phase: str
    measured: float
    predicted: float
    at_most: bool
    how: str


def prediction(load: Load, spared: Sequence[Spared]) -> Prediction | None:
    """Return what p99 should be without the stalls that `spared` tells of; None where all were delayed."""
    count, measured = sum(load.answers.values()), load.percentiles.get(_SHARE)
    if not count or measured is None:
        return None
    stalled = sum(one.seconds for one in spared)
    victims = sum(one.victims for one in spared)
    delayed = victims / count + stalled / (load.seconds * load.workers)
    if delayed >= 1:
        return None
    curve = Curve(load.percentiles)
    callers = [(one.own / count, one.seconds / one.own) for one in spared if one.own]
    others = 1 - min(1.0, sum(share for share, _ in callers))

    def slower(latency: float) -> float:
        rest = others * (1 - min(1.0, curve.within(latency) / (1 - delayed)))
        return rest + sum(share for share, seconds in callers if latency < seconds)

    predicted = _smallest(slower, curve.least, measured)
    how = (
        f"{delayed:.1%} of {many(count, 'answer')} in {load.phase} are taken to have waited for these stalls "
        f"of {milliseconds(stalled)} in all; then they take what the others took"
    )
    if callers:
        longest = max(seconds for _, seconds in callers)
        how += f", and who makes the call itself still at least {milliseconds(longest)}"
    return Prediction(load.source, load.phase, measured, predicted, predicted <= curve.least, how)


def _smallest(slower: Callable[[float], float], low: float, high: float) -> float:
    """Return the least latency between `low` and `high` which all but the rest beyond `_SHARE` keep."""
    if slower(low) <= 1 - _SHARE:
        return low
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if slower(middle) <= 1 - _SHARE:
            high = middle
        else:
            low = middle
    return high
