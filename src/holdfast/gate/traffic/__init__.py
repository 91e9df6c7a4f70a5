"""What users sent, read from where it was recorded: for the mix of a budget, and to be replayed."""

from __future__ import annotations

from holdfast.gate.traffic.source import Found, read, recording
from holdfast.gate.traffic.toml import written

__all__ = ["Found", "read", "recording", "written"]
