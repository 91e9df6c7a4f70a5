"""What policies share of stores outside the process: that they cannot say, and that they are left alone."""

from __future__ import annotations

from holdfast.policy.store.pause import Pause
from holdfast.policy.store.unavailable import StoreUnavailable

__all__ = ["Pause", "StoreUnavailable"]
