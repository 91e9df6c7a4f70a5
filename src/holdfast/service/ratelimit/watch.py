"""One log line now and then while limits cannot be checked: an outage is not to fill the disk."""

from __future__ import annotations

import logging

from holdfast.events import Bus, RateUnchecked

__all__ = ["EVERY", "Watch", "watch"]

EVERY = 10.0
"""Seconds between two lines about one limit."""

_log = logging.getLogger("holdfast.ratelimit")

_DECISIONS = {
    "open": "calls pass unlimited",
    "closed": "calls are refused",
    "local": "each worker counts alone",
}


class Watch:
    """Logs the first call that could not be checked, and then how many there were since."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int]] = {}

    def unchecked(self, event: RateUnchecked) -> None:
        """Note a call."""
        last, count = self._seen.get(event.limit, (float("-inf"), 0))
        if event.at - last < EVERY:
            self._seen[event.limit] = (last, count + 1)
            return
        self._seen[event.limit] = (event.at, 0)
        what = _DECISIONS.get(event.decision, event.decision)
        since = f", and {count} calls since the last line" if count else ""
        _log.warning("ratelimit %s cannot be checked (%s): %s%s", event.limit, event.why, what, since)


_watched: Bus | None = None


def watch(bus: Bus) -> None:
    """Have what happens on `bus` logged; once, however often it is called."""
    global _watched
    if _watched is not bus:
        _watched = bus
        bus.subscribe(RateUnchecked, Watch().unchecked)
