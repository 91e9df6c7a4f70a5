"""The log of slow requests: one line each, with what the time went to."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import NamedTuple

from holdfast.service.gatekeeper.spent import Stalls

__all__ = ["Slow", "SlowLog"]

_log = logging.getLogger("holdfast.slow")


class Slow(NamedTuple):
    """A request that was slow. Times are seconds of the monotonic clock; `spent` by dependency."""

    method: str
    route: str
    status: int
    request_id: bytes
    began: float
    entered: float
    ended: float
    spent: dict[str, float] | None


class SlowLog:
    """Tells of what was `note`d before the last `tell`: a stall is known a moment after it has ended."""

    __slots__ = ("_new", "_stalls", "_waiting")

    def __init__(self, stalls: Stalls) -> None:
        self._stalls = stalls
        self._new: list[Slow] = []
        self._waiting: list[Slow] = []

    def note(self, slow: Slow) -> None:
        """Note a slow request."""
        self._new.append(slow)

    def tell(self) -> None:
        """Log those that have waited for a turn."""
        waiting, self._waiting, self._new = self._waiting, self._new, []
        for slow in waiting:
            spent = ", ".join(self._spent(slow))
            _log.warning(
                "%s %s took %.3f s: status %d, request %s%s",
                slow.method,
                slow.route,
                slow.ended - slow.began,
                slow.status,
                slow.request_id.decode("ascii", "replace"),
                f" ({spent})" if spent else "",
            )

    def _spent(self, slow: Slow) -> Iterator[str]:
        if (waited := slow.entered - slow.began) >= 0.001:
            yield f"at the door {waited:.3f} s"
        for name, seconds in sorted((slow.spent or {}).items(), key=lambda item: -item[1]):
            yield f"{name} {seconds:.3f} s"
        for seconds, stall in self._stalls.within(slow.began, slow.ended):
            yield f"the loop stood still {seconds:.3f} s: {stall.file}:{stall.line}"
