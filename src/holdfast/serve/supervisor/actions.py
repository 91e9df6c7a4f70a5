"""What the core is told and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Action",
    "BootFailure",
    "Finish",
    "KillAll",
    "KillWorker",
    "Observation",
    "Serving",
    "Terminate",
    "Unready",
    "WorkerSeen",
]


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A living worker on the board; `heartbeat` and `booted_at` in seconds of the monotonic clock."""

    pid: int
    state: str
    heartbeat: float
    booted_at: float


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


@dataclass(frozen=True, slots=True)
class KillWorker:
    """Send SIGKILL to a worker whose loop has stood still for `age` seconds."""

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


Action = Serving | Unready | Terminate | KillWorker | KillAll | Finish
