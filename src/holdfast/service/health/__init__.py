"""Whether this instance should get traffic: the probes, and the machine behind them that does not flap."""

from __future__ import annotations

from holdfast.service.health.config import HealthConfig
from holdfast.service.health.core import Readiness, Vital
from holdfast.service.health.own import OwnReadiness
from holdfast.service.health.probes import LIVEZ, READYZ, STARTUPZ, probes
from holdfast.service.health.vital import vital

__all__ = [
    "LIVEZ",
    "READYZ",
    "STARTUPZ",
    "HealthConfig",
    "OwnReadiness",
    "Readiness",
    "Vital",
    "probes",
    "vital",
]
