"""What the supervisor does when: a state machine without clock, processes or sockets.

    booting ----serves----> serving ----stop----> announcing --announced--> stopping --grace over--> killing
       |  boot deadline, stop  |  hurry ------------------------------------^                           |
       +-----------------------------------------------------------------------^                        |
                      any ----server exited----> stopped <----------------------------------------------+

`STEPS` is the table; `Supervision.decide` finds which events hold now and walks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "EXIT_DIED",
    "STEPS",
    "Action",
    "BootFailure",
    "Event",
    "Finish",
    "KillAll",
    "KillWorker",
    "Limits",
    "Observation",
    "Phase",
    "Serving",
    "Supervision",
    "Terminate",
    "Unready",
    "WorkerSeen",
]


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

ABORT_GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL for a service that never served: nothing is in flight, but a start-up
may hold a lock or a child of its own that it wants to put away."""

SLEPT = 1.0
"""A gap between two looks, in seconds, that says the supervisor itself did not run: the machine was suspended
or starved, so the workers were too, and their heartbeats prove nothing yet. Ten times the usual gap."""

FRESH = 5.0
"""Seconds after which a silent worker no longer makes the service ready: half of the default period of a
Kubernetes probe, so that no probe finds ready what the probe before found silent."""

EXIT_OK = 0
EXIT_DIED = 1
EXIT_BOOT = 4
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds.

    `boot`: until a worker serves. `kill`: the age of a heartbeat at which a serving worker is killed.
    `announce`: unready but still accepting. `grace`: from the server's SIGTERM to the group's SIGKILL.
    """

    boot: float
    kill: float
    announce: float
    grace: float


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


class Supervision:
    """The machine; `now` is in seconds of a monotonic clock everywhere."""

    __slots__ = (
        "_awake_since",
        "_boot_until",
        "_entered",
        "_failure",
        "_grace",
        "_hurry",
        "_interrupted",
        "_killed",
        "_limits",
        "_looked",
        "_stop",
        "phase",
    )

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self.phase = Phase.BOOTING
        self._entered = self._looked = self._awake_since = now
        self._boot_until = now + limits.boot
        self._grace = limits.grace
        self._stop = self._hurry = self._interrupted = False
        self._failure: BootFailure | None = None
        self._killed: set[tuple[int, float]] = set()

    @property
    def unready(self) -> bool:
        """Whether the service has been asked to end."""
        return self._stop or self._hurry or self.phase not in (Phase.BOOTING, Phase.SERVING)

    def signalled(self, *, interrupt: bool) -> None:
        """Take a signal: SIGTERM asks to stop, an interrupt or a second signal to hurry."""
        if interrupt or self.unready:
            self._hurry = True
        else:
            self._stop = True
        self._interrupted = self._interrupted or interrupt

    def decide(self, now: float, seen: Observation) -> list[Action]:
        """Look, and return what to do, in order."""
        self._notice_sleep(now)
        actions: list[Action] = []
        while (event := self._event(now, seen)) is not None:
            actions.extend(self._enter(STEPS[self.phase, event], event, now, seen))
        actions.extend(self._blocked(now, seen))
        return actions

    def next_wakeup(self) -> float | None:
        """Return when a timer fires next; None where only events count."""
        if self.phase is Phase.BOOTING:
            return self._boot_until
        if self.phase is Phase.ANNOUNCING:
            return self._entered + self._limits.announce
        if self.phase is Phase.STOPPING:
            return self._entered + self._grace
        return None

    def age(self, now: float, worker: WorkerSeen) -> float:
        """Return for how many seconds `worker` has been silent while it could have spoken."""
        return max(0.0, now - max(worker.heartbeat, self._awake_since))

    def ready(self, now: float, seen: Observation) -> bool:
        """Return whether at least one worker serves and turns its loop, and the service is not draining."""
        fresh = min(FRESH, self._limits.kill)
        return (
            self.phase is Phase.SERVING
            and not self.unready
            and any(w.state == "serving" and self.age(now, w) <= fresh for w in seen.workers)
        )

    def alive(self, now: float, seen: Observation) -> bool:
        """Return whether not every serving worker is past its kill limit (a restart would help then)."""
        serving = [w for w in seen.workers if w.state == "serving"]
        return not serving or any(self.age(now, w) <= self._limits.kill for w in serving)

    def _notice_sleep(self, now: float) -> None:
        gap = now - self._looked
        self._looked = now
        if gap > SLEPT:
            self._awake_since = now
            self._boot_until += gap

    def _event(self, now: float, seen: Observation) -> Event | None:
        """Return the first event that holds now and moves the machine."""
        for event, holds in self._events(now, seen):
            if holds and (self.phase, event) in STEPS:
                return event
        return None

    def _events(self, now: float, seen: Observation) -> Iterator[tuple[Event, bool]]:
        due = self.next_wakeup()
        over = due is not None and now >= due
        yield Event.EXITED, seen.exited is not None
        yield Event.HURRY, self._hurry
        yield Event.STOP, self._stop
        yield Event.SERVES, any(w.state == "serving" for w in seen.workers)
        yield Event.BOOT_OVER, over and self.phase is Phase.BOOTING
        yield Event.ANNOUNCED, over and self.phase is Phase.ANNOUNCING
        yield Event.GRACE_OVER, over and self.phase is Phase.STOPPING

    def _enter(self, phase: Phase, event: Event, now: float, seen: Observation) -> Iterator[Action]:
        before, self.phase, self._entered = self.phase, phase, now
        if event is Event.HURRY:
            self._hurry = False  # one signal, one step
        elif event is Event.STOP:
            self._stop = False
        if before is Phase.BOOTING and phase is Phase.STOPPING:
            self._grace = min(ABORT_GRACE, self._limits.grace)
            self._failure = BootFailure.DEADLINE if event is Event.BOOT_OVER else None
        if phase is Phase.SERVING:
            yield Serving()
        elif phase is Phase.ANNOUNCING:
            yield Unready()
        elif phase is Phase.STOPPING:
            yield Unready()
            yield Terminate()
        elif phase is Phase.KILLING:
            yield KillAll()
        else:
            yield self._finish(before)

    def _finish(self, before: Phase) -> Finish:
        if self._failure is not None:
            return Finish(EXIT_BOOT, self._failure)
        if self._interrupted:
            return Finish(EXIT_INTERRUPTED)
        if before is Phase.BOOTING:
            return Finish(EXIT_BOOT, BootFailure.EXITED)
        return Finish(EXIT_DIED if before is Phase.SERVING else EXIT_OK)

    def _blocked(self, now: float, seen: Observation) -> Iterator[Action]:
        """Kill what stands still while the service is up; a booting worker is the boot deadline's."""
        if self.phase not in (Phase.SERVING, Phase.ANNOUNCING):
            return
        present = {(w.pid, w.booted_at) for w in seen.workers}
        self._killed &= present
        for worker in seen.workers:
            age = self.age(now, worker)
            identity = (worker.pid, worker.booted_at)
            if worker.state != "booting" and age > self._limits.kill and identity not in self._killed:
                self._killed.add(identity)
                yield KillWorker(worker, age)
