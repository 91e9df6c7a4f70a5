"""How important a request is: a class, and a level within it.

A priority is `class x 100 + level`; the higher goes first. The level is a stable hash of the caller, so that
under overload some callers are served and others are not, and each of them finds the same answer when it
tries again; a level drawn for each request would give everybody a share of failures, and every user a page
that is partly broken. After failsafe-go's prioritizer, and the "criticality" of the SRE Book's Handling
Overload.
"""

from __future__ import annotations

import zlib
from enum import IntEnum

__all__ = ["EXEMPT", "LEVELS", "NORMAL", "OBSERVED", "Class", "level_of", "priority"]

LEVELS = 100

OBSERVED = 1000
"""Added to the priority of a request whose route admission only observes: it is let in whatever there is."""
EXEMPT = 2000
"""The same where admission is off for the route, so that it is not even told."""


class Class(IntEnum):
    """What is given up first is lowest."""

    SHEDDABLE = 0
    NORMAL = 1
    CRITICAL = 2


def priority(kind: Class, level: int = LEVELS - 1) -> int:
    """Return the priority; without a level, that of the class's most important callers: the door does not
    know the caller yet."""
    return kind * LEVELS + level


NORMAL = priority(Class.NORMAL)
"""What a request has that nobody classified."""


def level_of(caller: str | bytes, turn: int = 0) -> int:
    """Return 0..99, the same for the same caller in every process, as long as `turn` is the same."""
    key = caller.encode("utf-8", "surrogatepass") if isinstance(caller, str) else caller
    return zlib.crc32(key, turn & 0xFFFFFFFF) % LEVELS
