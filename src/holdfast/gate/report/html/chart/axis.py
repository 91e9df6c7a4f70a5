"""Axes: from values to 0..1, and the ticks that a reader expects there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.gate.result import GateResult

__all__ = ["Axes", "Linear", "Log", "shared"]

# The band that latencies are drawn in when there is none to draw, and the least span of the axis.
QUIET = (0.001, 1.0)


@dataclass(frozen=True, slots=True)
class Linear:
    """0 to `top`, ticks at 1, 2, 2.5 or 5 times a power of ten."""

    top: float

    def at(self, value: float) -> float:
        """Return where `value` lies, 0 at the origin and 1 at the end."""
        return min(1.0, max(0.0, value / self.top)) if self.top > 0 else 0.0

    def ticks(self, most: int = 5) -> list[float]:
        """Return at most about `most` round values from 0 to `top`."""
        step = _nice(self.top / most)
        return [index * step for index in range(int(self.top / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Log:
    """`bottom` to `top`, both powers of ten."""

    bottom: float
    top: float

    def at(self, value: float) -> float:
        """Return where `value` lies, 0 at `bottom` and 1 at `top`."""
        share = math.log(max(value, self.bottom) / self.bottom) / math.log(self.top / self.bottom)
        return min(1.0, share)

    def ticks(self) -> list[float]:
        """Return the powers of ten."""
        first, last = round(math.log10(self.bottom)), round(math.log10(self.top))
        return [10.0**power for power in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes that all charts of a page share, so that forms can be compared by eye."""

    time: Linear
    rate: Linear
    latency: Log


def shared(results: Iterable[GateResult], limits: Sequence[float] = ()) -> Axes:
    """Return axes that hold every result, and the objectives for latency in `limits`, seconds."""
    each = list(results)
    end = max(
        (max([phase.end for phase in one.phases] + [t + one.series.step for t in one.series.t], default=0.0))
        for one in each
    )
    rates = [value for one in each for value in (*one.series.offered, *_stacked(one))]
    latencies = [value for one in each for value in (*one.series.p50, *one.series.p99) if value]
    latencies += [value for value in limits if value > 0]
    low, high = (min(latencies), max(latencies)) if latencies else QUIET
    bottom, top = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    if top <= bottom:
        top = bottom * 10
    return Axes(Linear(end or 1.0), Linear(max(rates, default=0.0) * 1.04 or 1.0), Log(bottom, top))


def _stacked(result: GateResult) -> list[float]:
    series = result.series
    return [sum(parts) for parts in zip(series.good, series.refused, series.failed, strict=False)]


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next((factor * power for factor in (1, 2, 2.5, 5) if factor * power >= step), 10 * power)
