"""A loop that stood still for so long that its worker would have been killed, where that is only observed."""

from __future__ import annotations

import math

from holdfast.events import StallSeen
from holdfast.policy.enforcement import Enforcement

__all__ = ["Spared"]

_SAME = 0.001
"""Seconds between the end of one part of a stall and the start of the next: none, but for rounding."""


class Spared:
    """Adds up the parts of each stall, and tells `enforcement` once when they are `kill` seconds or more."""

    __slots__ = ("_began", "_end", "_enforcement", "_kill", "_told")

    def __init__(self, kill: float, enforcement: Enforcement) -> None:
        self._kill = kill
        self._enforcement = enforcement
        self._began, self._end = 0.0, -math.inf
        self._told = False

    def see(self, stall: StallSeen) -> None:
        """Take notice of a stall, or of one more part of it."""
        if stall.at - self._end > _SAME:
            self._began, self._told = stall.at, False
        self._end = stall.at + stall.duration
        if self._end - self._began >= self._kill and not self._told:
            self._told = True
            self._enforcement.acts("cut", "stood still")
