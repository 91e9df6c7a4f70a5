"""What a proxy has seen: counters that only grow, so that the difference of two snapshots is a phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.clock import Now, monotonic

__all__ = ["Counts", "Tally"]


@dataclass(frozen=True, slots=True)
class Counts:
    """A snapshot, or by subtraction what happened between two.

    `connections` accepted; `calls` begun by the service, None where the protocol is not understood;
    `bytes_up` from the service, `bytes_down` from the dependency, as received. `unreached`: connections for
    which the real dependency did not accept one. `unframed`: connections on which counting stopped half-way;
    where it is not 0, `calls` is a lower bound.
    """

    connections: int
    calls: int | None
    bytes_up: int
    bytes_down: int
    unreached: int
    unframed: int

    def __sub__(self, earlier: Counts) -> Counts:
        return Counts(
            self.connections - earlier.connections,
            None if self.calls is None or earlier.calls is None else self.calls - earlier.calls,
            self.bytes_up - earlier.bytes_up,
            self.bytes_down - earlier.bytes_down,
            self.unreached - earlier.unreached,
            self.unframed - earlier.unframed,
        )


class Tally:
    """The counters themselves; links add to them directly."""

    __slots__ = (
        "_calls_by_second",
        "_counted",
        "_now",
        "bytes_down",
        "bytes_up",
        "calls",
        "connections",
        "unframed",
        "unreached",
    )

    def __init__(self, *, counted: bool, now: Now = monotonic) -> None:
        self._counted = counted
        self._now = now
        self._calls_by_second: dict[int, int] = {}
        self.connections = self.calls = self.bytes_up = self.bytes_down = self.unreached = self.unframed = 0

    def called(self, calls: int) -> None:
        """`calls` began now."""
        self.calls += calls
        second = int(self._now())
        seconds = self._calls_by_second
        seconds[second] = seconds.get(second, 0) + calls

    def snapshot(self) -> Counts:
        """Return the counters as they stand."""
        return Counts(
            self.connections,
            self.calls if self._counted else None,
            self.bytes_up,
            self.bytes_down,
            self.unreached,
            self.unframed,
        )

    def by_second(self) -> Mapping[int, int]:
        """Return the calls by whole second of the monotonic clock; seconds without calls are absent."""
        return dict(self._calls_by_second)
