"""What the supervisor does when: a state machine without clock, processes or sockets.

`Supervision.decide` finds which events hold now and walks the table of `holdfast.serve.supervisor.steps`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.policy.mode import Mode
from holdfast.serve.supervisor.actions import (
    Action,
    BootFailure,
    Finish,
    KillAll,
    KillWorker,
    Observation,
    Overdue,
    Serving,
    SpareWorker,
    Terminate,
    Unready,
    WorkerSeen,
)
from holdfast.serve.supervisor.steps import STEPS, Event, Phase

__all__ = ["ABORT_GRACE", "EXIT_DIED", "Limits", "Supervision"]

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
    `leave`: how long a worker may take to leave alone, while the others serve. `mode`: how far `kill` goes.
    """

    boot: float
    kill: float
    announce: float
    grace: float
    leave: float = math.inf
    mode: Mode = Mode.ENFORCE


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
        "_leaving",
        "_limits",
        "_looked",
        "_spared",
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
        self._spared: set[tuple[int, float]] = set()
        self._leaving: dict[tuple[int, float], float] = {}

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
        """Return whether a worker serves, turns its loop and is well, and the service is not draining."""
        fresh = min(FRESH, self._limits.kill)
        return (
            self.phase is Phase.SERVING
            and not self.unready
            and any(w.state == "serving" and not w.causes and self.age(now, w) <= fresh for w in seen.workers)
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
        """Kill what stands still while the service is up, and who neither comes nor goes in time.

        While the service boots, a booting worker is the boot deadline's; while all leave, the grace's.
        """
        if self.phase not in (Phase.SERVING, Phase.ANNOUNCING):
            return
        present = {(w.pid, w.booted_at) for w in seen.workers}
        self._killed &= present
        self._spared &= present
        self._leaving = {
            identity: self._leaving.get(identity, now)
            for w in seen.workers
            if w.state == "draining" and (identity := (w.pid, w.booted_at))
        }
        for worker in seen.workers:
            identity = (worker.pid, worker.booted_at)
            overdue = self._overdue(now, worker, identity)
            if overdue is not None and overdue[1] is Overdue.BEAT and self._limits.mode is not Mode.ENFORCE:
                yield from self._spare(worker, identity, overdue[0])
                continue
            self._spared.discard(identity)
            if overdue is not None and identity not in self._killed:
                self._killed.add(identity)
                yield KillWorker(worker, *overdue)

    def _spare(self, worker: WorkerSeen, identity: tuple[int, float], age: float) -> Iterator[Action]:
        """Once each time that it stands still."""
        if identity not in self._spared and self._limits.mode is Mode.OBSERVE:
            self._spared.add(identity)
            yield SpareWorker(worker, age)

    def _overdue(
        self, now: float, worker: WorkerSeen, identity: tuple[int, float]
    ) -> tuple[float, Overdue] | None:
        """Return for how long `worker` has not done what it should, where that is too long."""
        if worker.state == "booting":
            age = now - max(worker.booted_at, self._awake_since)
            return (age, Overdue.BOOT) if age > self._limits.boot else None
        age = self.age(now, worker)
        if age > self._limits.kill:
            return age, Overdue.BEAT
        age = now - self._leaving.get(identity, now)
        if self.phase is Phase.SERVING and age > self._limits.leave:
            return age, Overdue.LEAVE
        return None
