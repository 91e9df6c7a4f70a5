"""The supervisor's phases, and the table of what leads from one to another.

booting ----serves----> serving ----stop----> announcing --announced--> stopping --grace over--> killing
   |  boot deadline, stop  |  hurry ------------------------------------^                           |
   +-----------------------------------------------------------------------^                        |
                  any ----server exited----> stopped <----------------------------------------------+
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["STEPS", "Event", "Phase"]


class Phase(StrEnum):
    """Where the service is in its life."""

    BOOTING = "booting"
    SERVING = "serving"
    ANNOUNCING = "announcing"
    STOPPING = "stopping"
    KILLING = "killing"
    STOPPED = "stopped"

    @property
    def public(self) -> str:
        """The phase as the admin port says it: "booting", "serving" or "draining"."""
        return self.value if self in (Phase.BOOTING, Phase.SERVING) else "draining"


class Event(StrEnum):
    """What moves the machine."""

    EXITED = "the server exited"
    SERVES = "a worker serves"
    BOOT_OVER = "the boot deadline passed"
    STOP = "asked to stop"
    HURRY = "asked to stop at once, or again"
    ANNOUNCED = "the announcement is over"
    GRACE_OVER = "the grace is over"


STEPS: dict[tuple[Phase, Event], Phase] = {
    (Phase.BOOTING, Event.EXITED): Phase.STOPPED,
    (Phase.BOOTING, Event.STOP): Phase.STOPPING,
    (Phase.BOOTING, Event.HURRY): Phase.STOPPING,
    (Phase.BOOTING, Event.SERVES): Phase.SERVING,
    (Phase.BOOTING, Event.BOOT_OVER): Phase.STOPPING,
    (Phase.SERVING, Event.EXITED): Phase.STOPPED,
    (Phase.SERVING, Event.STOP): Phase.ANNOUNCING,
    (Phase.SERVING, Event.HURRY): Phase.STOPPING,
    (Phase.ANNOUNCING, Event.EXITED): Phase.STOPPED,
    (Phase.ANNOUNCING, Event.HURRY): Phase.STOPPING,
    (Phase.ANNOUNCING, Event.ANNOUNCED): Phase.STOPPING,
    (Phase.STOPPING, Event.EXITED): Phase.STOPPED,
    (Phase.STOPPING, Event.HURRY): Phase.KILLING,
    (Phase.STOPPING, Event.GRACE_OVER): Phase.KILLING,
    (Phase.KILLING, Event.EXITED): Phase.STOPPED,
}
