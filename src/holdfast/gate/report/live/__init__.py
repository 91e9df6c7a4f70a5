"""How a running gate is watched: a live view on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

from holdfast.gate.report.live.screen import Live

__all__ = ["Live"]
