"""Why a loop stood still: a pure core, given what the clocks and the kernel counted meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Cause", "Spent", "judge"]

_MOST = 0.5
"""Of a stall: what takes less is not what it was spent on."""


class Cause(StrEnum):
    """As in `events.StallSeen`."""

    BLOCKED = "blocked"
    CPU = "cpu"
    GC = "gc"
    STARVED = "starved"
    SUSPENDED = "suspended"

    @property
    def blames(self) -> bool:
        """Whether a line of the service is to be named."""
        return self in (Cause.BLOCKED, Cause.CPU)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of a stall, as far as known.

    `on_cpu`: the loop's thread computed. `waited`: it was ready and got no CPU. `gil`: it was ready and
    another thread held the GIL. `collecting`: garbage was collected. `stopped`: no thread of the process ran.
    """

    on_cpu: float = 0.0
    waited: float = 0.0
    gil: float = 0.0
    collecting: float = 0.0
    stopped: float = 0.0


def judge(duration: float, allowed: float, spent: Spent) -> Cause:
    """Return why a stall, or a part of one, of `duration` seconds came about.

    A line is blamed only if it would have held the loop for more than `allowed` seconds had the machine, the
    collector and the other threads kept out of its way. Otherwise what took most of the time is the cause.
    """
    others = {
        Cause.SUSPENDED: spent.stopped,
        Cause.GC: spent.collecting,
        Cause.STARVED: spent.waited + spent.gil,
    }
    taken = sum(others.values())
    if taken > 0 and duration - taken <= allowed:
        return max(others, key=lambda cause: others[cause])
    own = duration - min(taken, duration)
    # Collecting is computing too: what the loop's thread did on its own is the rest.
    return Cause.CPU if spent.on_cpu - spent.collecting >= _MOST * own else Cause.BLOCKED
