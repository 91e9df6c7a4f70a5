"""Is the new build slower than the old one by more than the budget grants?

Decided in looks: after some pairs of windows it is asked whether they already tell, and if not, more are
driven, up to a fixed number. Each look may be wrong, so each gets an equal part of the whole risk
(Bonferroni): stopping early is then no way to be wrong more often.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.gate.regression.ranks import Shift, shift

__all__ = ["LOOKS", "RISK", "Comparison", "compare", "more_bad"]

LOOKS = (8, 12, 18, 26)
"""Pairs after which it is asked. The last is the most that are driven; the first is the least that can tell
anything at its part of the risk."""

RISK = 0.05
"""One-sided, over all looks: a build that costs exactly what is granted is failed, or one that costs a little
more is passed, in 5 of 100 comparisons. One that costs the same as before, or far more, hardly ever."""

Outcome = Literal["pass", "fail", "cannot tell", "missing"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of two builds, in seconds: `ratio` is new / old, between `lower` and `upper`; `granted` is
    the budget's share that it may grow by, None where nobody has decided it. `old`, `new`: medians over the
    windows.
    """

    name: str
    old: float
    new: float
    ratio: float
    lower: float
    upper: float
    granted: float | None
    outcome: Outcome
    why: str = ""


def compare(
    name: str, old: Sequence[float], new: Sequence[float], granted: float | None, *, last: bool
) -> Comparison:
    """Compare a figure of the same windows, pair by pair; `last`: no more pairs will be driven.

    A pair without both figures (a window without an answer) is left out.
    """
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a > 0 and b > 0 and math.isfinite(a + b)]
    if not pairs:
        return Comparison(name, 0.0, 0.0, 1.0, 0.0, math.inf, granted, "cannot tell", "nothing to compare")
    found = shift([math.log(b / a) for a, b in pairs], RISK / len(LOOKS))
    outcome, why = _decide(found, granted, len(pairs), last=last)
    return Comparison(
        name,
        old=_median([a for a, _ in pairs]),
        new=_median([b for _, b in pairs]),
        ratio=math.exp(found.estimate),
        lower=math.exp(found.lower),
        upper=math.exp(found.upper) if found.upper < math.inf else math.inf,
        granted=granted,
        outcome=outcome,
        why=why,
    )


def more_bad(pairs: Sequence[tuple[Mapping[str, int], Mapping[str, int]]]) -> str:
    """Say which bad outcome the new build has more of, "" where none: failing fast is no gain.

    `pairs`: counts of bad outcomes by name, of the old build and of the new, over the same requests. Judged
    by the sign test over pairs: failures come in bursts, and a burst strikes one window, whosever it is.
    """
    for name in sorted({name for pair in pairs for counts in pair for name in counts}):
        counts = [(old.get(name, 0), new.get(name, 0)) for old, new in pairs]
        more, fewer = sum(b > a for a, b in counts), sum(b < a for a, b in counts)
        unequal = more + fewer
        tail = math.fsum(math.comb(unequal, k) for k in range(more, unequal + 1)) / 2**unequal
        if more > fewer and tail <= RISK / len(LOOKS):
            before, after = (sum(column) for column in zip(*counts, strict=True))
            return f"{after} x {name} where the other build has {before}"
    return ""


def _decide(found: Shift, granted: float | None, pairs: int, *, last: bool) -> tuple[Outcome, str]:
    if granted is None:
        return "missing", "nobody has decided by how much it may grow"
    limit = math.log1p(granted)
    if found.upper <= limit:
        return "pass", ""
    if found.lower > limit:
        return "fail", ""
    if not last:
        return "cannot tell", f"{pairs} pairs do not tell yet"
    return "cannot tell", f"{pairs} pairs do not tell {1 + granted:g}x from {math.exp(found.estimate):.3g}x"


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
