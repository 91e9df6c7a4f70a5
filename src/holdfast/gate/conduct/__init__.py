"""One run: dependencies wired, service started, load driven, faults applied, result made."""

from __future__ import annotations

from holdfast.gate.conduct.options import Options
from holdfast.gate.conduct.run import run

__all__ = ["Options", "run"]
