"""A service in virtual time: one event loop's CPU, what it awaits, a gate at its door.

The loop is a queue of slices served in order, so work that is put in at `t` ends at `max(t, busy) + cost`:
no queue has to be kept, and an hour of traffic takes seconds. A request arrives (a slice that reads it), is
refused or enters, works a slice, awaits, works a slice and leaves. What it awaits is a time, or a call on a
pool of connections that may stall.
"""

from __future__ import annotations

import heapq
import itertools
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.policy.admission.core import BEAT, Gate, Refused
from holdfast.policy.admission.line import Fate
from holdfast.policy.admission.priority import NORMAL


class Steps:
    """A value that changes at given times: Steps(20, (10, 200), (20, 20)) is 20, from 10 s on 200 ..."""

    def __init__(self, first: float, *later: tuple[float, float]) -> None:
        self.times = [at for at, _ in later]
        self.values = [first, *(value for _, value in later)]

    def __call__(self, now: float) -> float:
        return self.values[bisect_right(self.times, now)]


@dataclass
class Pool:
    """`size` connections, each call holds one for `hold(now)` seconds; between `stalls` nothing ends."""

    size: int
    hold: Callable[[float], float]
    stalls: Sequence[tuple[float, float]] = ()
    free: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = [0.0] * self.size

    def call(self, now: float) -> float:
        """Return when a call that begins now ends."""
        start = max(now, heapq.heappop(self.free))
        end = start + self.hold(start)
        for begin, over in self.stalls:
            if start < over and end > begin:
                end = over + (end - max(start, begin))
        heapq.heappush(self.free, end)
        return end


@dataclass
class Profile:
    """How a service works, in seconds; each a function of the time.

    spread: factor on what is awaited and worked, of mean 1, drawn for each.
    """

    cpu: Callable[[float], float] = field(default_factory=lambda: Steps(0.001))
    awaited: Callable[[float], float] = field(default_factory=lambda: Steps(0.020))
    read: float = 20e-6
    refuse: float = 20e-6
    own: float = 0.15e-3
    pool: Pool | None = None
    deadline: float = 2.0
    spread: Callable[[random.Random], float] = lambda dice: 1.0
    stalls: Sequence[tuple[float, float]] = ()
    think: tuple[float, float] = (0.5, 1.5)
    fast_failures: Callable[[float], float] = field(default_factory=lambda: Steps(0.0))


@dataclass
class Done:
    """What became of a request that arrived at `at`: `outcome` "ok", "late" (its deadline), "refused"."""

    at: float
    seconds: float
    outcome: str
    priority: int


class Simulation:
    """One worker behind a gate. Run it, then ask."""

    def __init__(self, gate: Gate, profile: Profile, seed: int = 1) -> None:
        self.gate = gate
        self.profile = profile
        self.dice = random.Random(seed)
        self.now = 0.0
        self.busy = 0.0
        self.done: list[Done] = []
        self.limits: list[tuple[float, int]] = []
        self.lags: list[tuple[float, float]] = []
        self._events: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []
        self._order = itertools.count()

    # Traffic.

    def offer(
        self,
        rate: Callable[[float], float],
        until: float,
        *,
        since: float = 0.0,
        priority: Callable[[random.Random], int] = lambda dice: NORMAL,
        retries: int = 0,
    ) -> None:
        """Let requests arrive, Poisson; refused and failed ones come again up to `retries` times."""
        self._at(
            since + self.dice.expovariate(rate(since) or 1.0), self._next, rate, until, priority, retries
        )

    def clients(self, count: int) -> None:
        """Let so many clients ask again whenever they have their answer, after a time to think."""
        for _ in range(count):
            self._at(self.dice.uniform(*self.profile.think), self._again, NORMAL, -1)

    def _next(self, rate: Any, until: float, priority: Any, retries: int) -> None:
        if self.now > until:
            return
        self._arrive(self.now, priority(self.dice), retries)
        self._at(
            self.now + self.dice.expovariate(max(rate(self.now), 1e-3)),
            self._next,
            rate,
            until,
            priority,
            retries,
        )

    # The machine.

    def _at(self, when: float, call: Callable[..., Any], *arguments: Any) -> None:
        heapq.heappush(self._events, (when, next(self._order), call, arguments))

    def work(self, seconds: float, then: Callable[..., Any], *arguments: Any) -> None:
        """Put a slice at the end of the loop's ready queue."""
        self.busy = max(self.busy, self.now) + seconds
        self._at(self.busy, then, *arguments)

    def run(self, until: float) -> Simulation:
        """Run to the end of what was offered, at most to `until`."""
        self._at(BEAT, self._timer, BEAT)
        events = self._events
        while events and events[0][0] <= until:
            self.now, _, call, arguments = heapq.heappop(events)
            call(*arguments)
        return self

    def _timer(self, due: float) -> None:
        self.work(0.0, self._beat, due)

    def _beat(self, due: float) -> None:
        lag = self.now - due
        self.gate.late(self.now, lag)
        self.limits.append((self.now, self.gate.limit))
        self.lags.append((self.now, lag))
        self._at(self.now + BEAT, self._timer, self.now + BEAT)

    # A request.

    def _arrive(self, at: float, priority: int, retries: int) -> None:
        self.work(self.profile.read, self._door, at, priority, retries)

    def _door(self, at: float, priority: int, retries: int) -> None:
        gate = self.gate
        if gate.refuses(self.now, priority) is not None:
            self.work(self.profile.refuse, self._refused, at, priority, retries)
        elif gate.try_enter():
            self._enter(at, priority, retries)
        else:
            ticket = gate.arrive(self.now, lambda: self._at(self.now, fate), priority)

            def fate() -> None:
                if ticket.fate is Fate.ADMITTED:
                    self._enter(at, priority, retries)
                else:
                    self.work(self.profile.refuse * 4, self._refused, at, priority, retries)

            if isinstance(ticket, Refused):
                self.work(self.profile.refuse * 4, self._refused, at, priority, retries)
            else:
                wakeup = gate.next_wakeup()
                if wakeup is not None:
                    self._at(wakeup, lambda: gate.expire(self.now))

    def _refused(self, at: float, priority: int, retries: int) -> None:
        self._end(at, "refused", priority, retries)

    def _enter(self, at: float, priority: int, retries: int) -> None:
        began, profile = self.now, self.profile
        if self.dice.random() < profile.fast_failures(began):
            self.work(profile.own, self._leave, began, at, priority, retries, "failed")
            return
        seconds = profile.cpu(began) * profile.spread(self.dice)
        self.work(seconds + profile.own / 2, self._await, began, at, priority, retries)

    def _await(self, *request: Any) -> None:
        profile, began, now = self.profile, request[0], self.now
        end = now + profile.awaited(now) * profile.spread(self.dice)
        if profile.pool is not None:
            end = max(end, profile.pool.call(now))
        for begin, over in profile.stalls:
            if now < over and end > begin:
                end = over + (end - max(now, begin))
        if end > began + profile.deadline:
            self._at(max(now, began + profile.deadline), self._late, *request)
        else:
            self._at(end, self._resume, *request)

    def _resume(self, *request: Any) -> None:
        seconds = self.profile.cpu(self.now) * self.profile.spread(self.dice)
        self.work(seconds + self.profile.own / 2, self._leave, *request, "ok")

    def _late(self, *request: Any) -> None:
        self.work(self.profile.own, self._leave, *request, "late")

    def _leave(self, began: float, at: float, priority: int, retries: int, outcome: str) -> None:
        if outcome == "ok":
            self.gate.note(self.now, self.now - began)
        else:
            self.gate.note_failure()
        self.gate.leave()
        self._end(at, outcome, priority, retries)

    def _end(self, at: float, outcome: str, priority: int, retries: int) -> None:
        self.done.append(Done(at, self.now - at, outcome, priority))
        if (outcome != "ok" and retries > 0) or retries < 0:
            self._at(
                self.now + self.dice.uniform(*self.profile.think),
                self._again,
                priority,
                max(retries - 1, -1) if retries > 0 else retries,
            )

    def _again(self, priority: int, retries: int) -> None:
        self._arrive(self.now, priority, retries)  # below 0: for ever

    # What came of it.

    def goodput(self, since: float, until: float, objective: float) -> float:
        """Return answers a second within the objective, in that time."""
        good = sum(
            1
            for d in self.done
            if d.outcome == "ok" and since <= d.at + d.seconds < until and d.seconds <= objective
        )
        return good / (until - since)

    def percentile(self, share: float, since: float, until: float) -> float:
        """Return a percentile of the seconds that answers took."""
        took = sorted(d.seconds for d in self.done if d.outcome == "ok" and since <= d.at < until)
        return took[min(len(took) - 1, int(len(took) * share))] if took else 0.0

    def served(self, since: float, until: float, lowest: int, highest: int) -> float:
        """Return the share that was answered, of the requests with such a priority."""
        asked = [d for d in self.done if since <= d.at < until and lowest <= d.priority <= highest]
        return sum(d.outcome == "ok" for d in asked) / len(asked) if asked else 1.0
