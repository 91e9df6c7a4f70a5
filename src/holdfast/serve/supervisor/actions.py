"""What the core is told and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Action",
    "BootFailure",
    "Fewer",
    "Finish",
    "KillAll",
    "KillWorker",
    "More",
    "Observation",
    "Overdue",
    "Rolled",
    "RollingAction",
    "Serving",
    "SpareWorker",
    "Terminate",
    "Unready",
    "WorkerSeen",
]


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A living worker on the board; `heartbeat` and `booted_at` in seconds of the monotonic clock.

    `causes`: the symptoms for which it is not ready, as `holdfast.service.health.core` has them.
    """

    pid: int
    state: str
    heartbeat: float
    booted_at: float
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What is to be seen now; `exited` is the server's exit status, None while it runs."""

    workers: tuple[WorkerSeen, ...]
    exited: int | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """The first worker serves."""


@dataclass(frozen=True, slots=True)
class Unready:
    """Tell the workers that the service drains, so that they end kept-alive connections."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """Send SIGTERM to the server."""


class Overdue(StrEnum):
    """What a worker took too long for."""

    BEAT = "stood still"
    BOOT = "did not serve"
    LEAVE = "did not leave"


@dataclass(frozen=True, slots=True)
class KillWorker:
    """Send SIGKILL to a worker; for `age` seconds it has not done what it should."""

    worker: WorkerSeen
    age: float
    overdue: Overdue = Overdue.BEAT


@dataclass(frozen=True, slots=True)
class SpareWorker:
    """Say that a worker would be killed that has stood still for `age` seconds."""

    worker: WorkerSeen
    age: float


@dataclass(frozen=True, slots=True)
class KillAll:
    """Send SIGKILL to the server's process group."""


class BootFailure(StrEnum):
    """Why the service never served."""

    DEADLINE = "deadline"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Finish:
    """It is over: put everything away and end with `code`."""

    code: int
    failure: BootFailure | None = None


@dataclass(frozen=True, slots=True)
class More:
    """Ask the server for one worker more."""


@dataclass(frozen=True, slots=True)
class Fewer:
    """Ask the server for one worker less; it takes the oldest away, which drains."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """All workers that were to be replaced have been: `count` of them."""

    count: int


RollingAction = More | Fewer | Rolled
Action = Serving | Unready | Terminate | KillWorker | SpareWorker | KillAll | Finish | RollingAction
