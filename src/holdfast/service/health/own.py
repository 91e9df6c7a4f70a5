"""A worker's readiness in its own eyes: for the probes on the app's port."""

from __future__ import annotations

from holdfast.clock import Now, monotonic
from holdfast.service.health.config import HealthConfig
from holdfast.service.health.core import Readiness
from holdfast.service.health.vital import vital
from holdfast.telemetry.board import Slot

__all__ = ["OwnReadiness"]

_LOOK = 0.1
"""Seconds between looks, as the supervisor looks."""


class OwnReadiness:
    """Of the worker whose slot it is."""

    __slots__ = ("_config", "_looked", "_now", "_readiness", "_slot")

    def __init__(self, config: HealthConfig, slot: Slot, now: Now = monotonic) -> None:
        self._config = config
        self._slot = slot
        self._now = now
        self._looked = now()
        self._readiness = Readiness(config, self._looked)

    @property
    def ready(self) -> bool:
        """Whether it should get traffic, as far as its health goes."""
        return self._readiness.ready

    def look(self) -> None:
        """Look at the slot, where it is time to."""
        if self._config.active and (now := self._now()) - self._looked >= _LOOK:
            self._looked = now
            self._readiness.update(now, vital(self._slot, self._config))
