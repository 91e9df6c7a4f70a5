"""What is not as usual about a row: bits that the hot path tests all at once."""

from __future__ import annotations

import numpy as np

from holdfast.gate.drive.plan import Plan
from holdfast.gate.shape import Payload

__all__ = ["ASKS", "CLOSES", "LARGE", "STREAMS", "flags_of", "special"]

LARGE = 1
"""The request may not fit the socket's buffer, so that its answer can come before all of it is written."""

ASKS = 2
"""Somebody reads the answer: a check, or the step that follows."""

CLOSES = 4
"""The connection ends with the answer, as that of a user who leaves."""

STREAMS = 8
"""The answer goes on for as long as somebody listens: it is there with the first bytes of its body."""

# Requests of this many bytes may not fit the socket's send buffer at once (Linux starts with 16 KiB).
_LARGE = 16384


def flags_of(payload: Payload, length: int) -> int:
    """Return the flags of a request of `length` bytes."""
    asks = payload.check is not None or payload.then >= 0
    streams = payload.reads is not None
    return (LARGE if length >= _LARGE else 0) | (ASKS if asks else 0) | (STREAMS if streams else 0)


def special(plan: Plan) -> bytearray:
    """Return the flags of each row of a plan."""
    flags = np.array([flags_of(each, len(each.data)) for each in plan.requests], dtype=np.uint8)
    rows = flags[plan.request] if len(plan.at) else np.empty(0, np.uint8)
    if len(plan.closes):
        rows = rows | np.where(plan.closes, np.uint8(CLOSES), np.uint8(0))
    return bytearray(rows.tobytes())
