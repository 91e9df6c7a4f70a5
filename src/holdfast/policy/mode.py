"""How far a policy may go."""

from __future__ import annotations

from enum import Enum

__all__ = ["Mode"]


class Mode(Enum):
    """Off: absent. Observe: let everything pass and report what it would have done. Enforce: do it."""

    OFF = "off"
    OBSERVE = "observe"
    ENFORCE = "enforce"
