"""What pairs say about a difference, without a belief about their distribution.

Wilcoxon's signed ranks: of n differences, all means of two (Walsh averages) are ordered; their median
estimates the shift (Hodges and Lehmann 1963), and counting in from both ends by a quantile of the signed-rank
statistic bounds it (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3.2 and 3.3). All it
asks is that a difference without a cause is as likely to be positive as negative, which drawing the order of
each pair by lot makes true, however noisy the machine is and however long its bad moments are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ["Shift", "fewest", "shift"]


@dataclass(frozen=True, slots=True)
class Shift:
    """The typical difference and one-sided bounds of it, infinite where the pairs are too few."""

    estimate: float
    lower: float
    upper: float


def shift(differences: Sequence[float], risk: float) -> Shift:
    """Bound the typical difference: each bound is wrong with probability `risk` at most.

    Raises ValueError without differences.
    """
    if not differences:
        raise ValueError("no differences to bound")
    values = np.asarray(differences, dtype=np.float64)
    first, second = np.triu_indices(len(values))
    walsh = np.sort((values[first] + values[second]) / 2)
    skipped = _skipped(len(values), risk)
    if skipped < 0:
        return Shift(float(np.median(walsh)), -math.inf, math.inf)
    return Shift(float(np.median(walsh)), float(walsh[skipped]), float(walsh[-1 - skipped]))


def fewest(risk: float) -> int:
    """Return the least number of pairs that can bound anything: 2 ** -n is at most `risk`."""
    return max(1, math.ceil(-math.log2(risk) - 1e-9))


@cache
def _skipped(pairs: int, risk: float) -> int:
    """Return the greatest t with P(T <= t) <= risk, T being the signed-rank statistic; -1 for none."""
    most = 0.0
    for total, probability in enumerate(_distribution(pairs)):
        most += probability
        if most > risk + 1e-12:
            return total - 1
    return pairs * (pairs + 1) // 2 - 1


@cache
def _distribution(pairs: int) -> tuple[float, ...]:
    """P(T = t) for t from 0 on: each rank counts or not, like the toss of a coin."""
    found = np.ones(1)
    for rank in range(1, pairs + 1):
        longer = np.zeros(len(found) + rank)
        longer[: len(found)] += found / 2
        longer[rank:] += found / 2
        found = longer
    return tuple(found.tolist())
