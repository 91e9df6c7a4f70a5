"""One run as arrays: what was scheduled, what came of it, and by which objectives it counts.

Everything else in this room is a view of a `Run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from holdfast.gate.drive.records import Outcome, Records
from holdfast.gate.measure import outcomes

__all__ = ["Run"]

Seconds = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Run:
    """`records` of n requests; `names[k]` is the route of payload k, many payloads sharing one; `bounds` is
    the latency in seconds within which an answer of a route is good, absent where no objective says."""

    records: Records
    names: Sequence[str]
    bounds: Mapping[str, float]
    sli: outcomes.Sli

    @cached_property
    def routes(self) -> tuple[str, ...]:
        """The routes, in the order of the traffic."""
        return tuple(dict.fromkeys(self.names))

    @cached_property
    def route(self) -> npt.NDArray[np.int64]:
        """Position in `routes` of each request."""
        positions = {name: position for position, name in enumerate(self.routes)}
        by_payload = np.array([positions[name] for name in self.names], dtype=np.int64)
        return by_payload[self.records.request]

    @cached_property
    def at(self) -> Seconds:
        """Intended starts, seconds from the start of the schedule."""
        return self.records.at / 1e9

    @cached_property
    def answered(self) -> Mask:
        """Which requests got a complete HTTP answer."""
        return self.records.status > 0

    @cached_property
    def latency(self) -> Seconds:
        """Seconds from the intended start to the last byte; inf where there was no complete answer."""
        late = (self.records.done - self.records.at) / 1e9
        return np.where(self.answered, late, np.inf)

    @cached_property
    def codes(self) -> outcomes.Codes:
        """One integer an outcome."""
        return outcomes.codes(self.records.status, self.records.outcome)

    @cached_property
    def good(self) -> Mask:
        """Good by [sli] and within the objective of its route: this is what goodput counts."""
        bounds = np.array([self.bounds.get(route, np.inf) for route in self.routes])
        return outcomes.good(self.codes, self.sli) & (self.latency <= bounds[self.route])

    @cached_property
    def acceptable(self) -> Mask:
        """Good by [sli], late or not: this is what availability counts."""
        return outcomes.good(self.codes, self.sli)

    @cached_property
    def counted(self) -> Mask:
        """What [sli] does not leave out."""
        return ~outcomes.left_out(self.codes, self.sli)

    @cached_property
    def refused(self) -> Mask:
        """Refused by the guard before any work was done."""
        return outcomes.is_word(self.records.outcome, Outcome.SHED) & (self.records.status >= 500)

    def between(self, start: float, end: float) -> Mask:
        """Which requests were meant to start in [start, end) seconds."""
        return (self.at >= start) & (self.at < end)
