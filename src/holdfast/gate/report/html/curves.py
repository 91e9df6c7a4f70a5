"""What the script shows under the pointer: the curves of each result, already in the words of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.gate.report.quantity import NOTHING, duration, rate
from holdfast.gate.result import GateResult

__all__ = ["curves"]


def curves(results: Mapping[str, GateResult]) -> list[dict[str, Any]]:
    """Return for each result its time axis and, for each chart, the lines of text of every bucket.

    The script formats nothing, so that hovering and tables never disagree.
    """
    return [_one(result) for result in results.values()]


def _one(result: GateResult) -> dict[str, Any]:
    series = result.series
    names = [next((each.name for each in result.phases if each.start <= t < each.end), "") for t in series.t]
    heads = [" · ".join(filter(None, (duration(t), name))) for t, name in zip(series.t, names, strict=True)]
    return {
        "step": series.step,
        "t": [round(t, 3) for t in series.t],
        "head": heads,
        "goodput": {
            "offered": [rate(value) for value in series.offered],
            "good": [rate(value) for value in series.good],
            "refused": [rate(value) for value in series.refused],
            "failed": [rate(value) for value in series.failed],
        },
        "latency": {
            "p50": [_latency(value) for value in series.p50],
            "p99": [_latency(value) for value in series.p99],
        },
    }


def _latency(seconds: float | None) -> str:
    return NOTHING if seconds is None else duration(seconds)
