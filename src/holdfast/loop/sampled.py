"""What was seen of a stall while it lasted."""

from __future__ import annotations

from collections import Counter
from types import FrameType
from typing import NamedTuple

from holdfast.loop.attribution import Stack
from holdfast.loop.cause import Cause
from holdfast.loop.place import UNSEEN, Place

__all__ = ["Glance", "Sampled"]


class Glance(NamedTuple):
    """What the loop's thread was doing when its tick was `due`; `entry`: its task's outermost frame."""

    due: float
    stack: Stack
    entry: FrameType | None
    locked: bool | None


class Sampled:
    """What was seen of the stall at the tick that was `due`.

    `locked`: samples at a lock, the GIL's or another, less those elsewhere. `paused`: nobody ran the loop.
    `seen` is the last stack, `fresh` until a look has counted with it. `last` and `cause` are of the part
    that was told before.
    """

    __slots__ = (
        "cause",
        "due",
        "fresh",
        "in_flight",
        "last",
        "locked",
        "paused",
        "places",
        "seen",
        "stack",
        "victims_told",
    )

    def __init__(self, due: float) -> None:
        self.due = due
        self.cause = Cause.BLOCKED
        self.places: Counter[Place] = Counter()
        self.in_flight = 0
        self.paused = False
        self.last = UNSEEN
        self.victims_told = 0
        self.fresh = False
        self.locked = 0
        self.seen: Stack | None = None
        self.stack: tuple[str, ...] = ()
