"""Logs: how many records are made, JSON lines that never hold up the loop, and filters for own handlers."""

from __future__ import annotations

from holdfast.telemetry.logs.filters import Correlated, Redacting
from holdfast.telemetry.logs.json_logs import JsonLogs
from holdfast.telemetry.logs.records import LogCount, installed
from holdfast.telemetry.logs.structlog import Correlating

__all__ = ["Correlated", "Correlating", "JsonLogs", "LogCount", "Redacting", "installed"]
