"""The percentiles that a budget can promise, by the names that it gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["PROMISED", "Promises", "bound", "label"]

PROMISED: Mapping[str, float] = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "p999": 0.999}

_OUTER = ("p999", "p99", "p95")
"""Percentiles beyond which few answers lie, the outermost first."""


class Promises(Protocol):
    """Latency promises in seconds, of the service or of a route; None where there is none."""

    @property
    def p50(self) -> float | None:
        """Half of the answers take at most this."""

    @property
    def p95(self) -> float | None:
        """95% of them."""

    @property
    def p99(self) -> float | None:
        """99% of them."""


def label(name: str) -> str:
    """Return a percentile's name as people write it.

    >>> label("p999")
    'p99.9'
    """
    return "p99.9" if name == "p999" else name


def bound(own: Promises | None, service: Promises, deadline: float | None) -> float | None:
    """Return the seconds within which an answer of a route is good: the outermost percentile promised of it.

    Without promises of its own the service's hold. A route that promises its median only is good until its
    deadline: half of its answers are meant to take longer than what it promises.
    """
    for promises in (own, service):
        if promises is None or not any(getattr(promises, name, None) for name in PROMISED):
            continue
        outer = (getattr(promises, name, None) for name in _OUTER)
        return next((seconds for seconds in outer if seconds), deadline)
    return deadline
