"""Blocking calls under the policies of a loop: the thread makes the attempts, the loop decides."""

from __future__ import annotations

from holdfast.client.threads.handover import Handover, LoopGone, Order, call_soon
from holdfast.client.threads.home import Home

__all__ = ["Handover", "Home", "LoopGone", "Order", "call_soon"]
