"""The number that nobody has to know: raised while that helps, lowered while it is late.

A classic limit compares latency with its own past, and cannot tell a queue from a dependency that has become
slower: when what is awaited takes ten times longer, the right limit is ten times higher, and gradient or
Vegas cut it to the floor. What a request waits for is therefore told apart by what can be measured now:

1. **The event loop's lag** is the queue for the CPU, whatever a request awaits besides. Above a small target
   the limit falls by what stands in that queue (Little's law: rate x lag), as Vegas does with its estimate.
2. **Throughput answers a change of the limit, or does not.** While the house is full and the loop is not
   late, the limit is raised, up to twofold. After one latency, throughput (Little's law again: limit /
   latency, which has less noise than counting) shows whether that was of use; if not, something below is
   saturated, such as a pool, and the step is taken back. Then a little less is tried in the same way. No
   baseline gets stale, because a comparison is never older than two latencies. failsafe-go looks at the same
   relation, as a correlation over its last windows.
3. **The objective.** When the 90th percentile comes near it the limit falls, as far as that helps.

A limit that nobody meets does not grow, and a window without an answer, such as in a stall, changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from holdfast.policy.admission.limit.bounds import Bounds
from holdfast.policy.admission.window import Window
from holdfast.policy.require import positive

__all__ = ["Adaptive", "lag_target"]

_RAISE = 2.0
_LOWER = 0.85
_ENOUGH = 20
"""Answers that a judgement takes, and the seconds after which fewer have to do."""
_AT_LONGEST = 1.0
_LIMITED = 0.3
"""Share of the beats with somebody turned away from which on the limit is what limits."""
_USEFUL = 0.15
_WORTH = 0.03
_FREE = 0.07
"""A raise is kept if throughput grew by at least `_USEFUL` of the step, or surely by `_WORTH` of itself; a
cut if throughput fell by less than `_FREE` of the step."""
_SURELY = 0.4
"""Of a step that the objective asks for: it is taken back if throughput surely fell by that share of it."""
_USE, _IDLE, _OVERDUE, _STIFF = "use", "idle", "overdue", "stiff"
"""Why a trial is made: there is room; is all of it of use?; the objective is missed; and that by a latency
which the limit does not change."""
_PATIENCE = {_USE: 2.0, _IDLE: 2.0, _OVERDUE: 4.0, _STIFF: 4.0}
"""Seconds until it is decided, in doubt or not."""
_CERTAIN = 0.3
"""Of a step: how well it has to be known what came of it. It takes more answers the more they differ."""
_NEAR = 0.7
"""Of the objective: where the 90th percentile may be."""
_HOLD, _HOLD_MOST = 1.0, 8.0
"""Seconds until the next trial after one that was of no use, doubled each time."""
_OTHER = 0.25
"""A latency that differs by this share from the one at the last useless trial: conditions have changed."""
_PASSES = 1.5
"""How often a request stands in the loop's queue, counted low: once when it comes, again after each await."""
_TELLING = 0.7
"""How far the limit has to fall until it can be told whether the lag falls with it, and by which share of
that it has to: otherwise something else holds the loop, and the target is laid on top of that."""
_RELIEF = 0.3
_SLICES = 4.0
"""Requests' worth of CPU that may stand before the loop: enough that it does not run dry in between."""


def lag_target(objective: float | None, rate: float) -> float:
    """Return how late the loop may be in seconds, at `rate` answers a second.

    A thirtieth of the objective, since a request passes the loop several times; 2.5 times CoDel's target
    of 5 ms where there is none. But as with CoDel, whose target is at least the time of one packet on the
    wire, some requests have to stand in line for the loop to be busy.
    """
    least, most = (0.0125, 0.05) if objective is None else (objective / 30, objective / 10)
    return min(most, max(least, _SLICES / rate if rate > 0 else least))


@dataclass(frozen=True, slots=True)
class _Trial:
    """What was before a step: the limit, the mean latency and its standard error (relative), the lag."""

    limit: float
    latency: float
    lag: float
    error: float = 0.0
    why: str = ""


class Adaptive:
    """`objective`: seconds that the 99th percentile may take; None where nobody has decided."""

    __slots__ = (
        "_bounds",
        "_cut",
        "_draining",
        "_failed",
        "_foreign",
        "_held",
        "_hold",
        "_hold_until",
        "_lag",
        "_lags",
        "_latencies",
        "_limited",
        "_lowering",
        "_objective",
        "_rate",
        "_ready_at",
        "_seconds",
        "_settling",
        "_stiff",
        "_trial",
        "_value",
        "_windows",
    )

    def __init__(self, objective: float | None, bounds: Bounds) -> None:
        positive(objective=objective)
        self._objective = objective
        self._bounds = bounds
        self._value = float(bounds.start)
        self._rate = 0.0
        self._lag = 0.0
        self._trial: _Trial | None = None
        self._cut: _Trial | None = None
        self._foreign = 0.0
        self._ready_at = -math.inf
        self._settling = 0.0
        self._draining = False
        self._hold_until = -math.inf
        self._hold = _HOLD
        self._held = math.nan
        self._lowering = False
        self._stiff = False
        self._forget()

    @property
    def value(self) -> int:
        """The number now."""
        return int(self._value)

    def learn(self, window: Window) -> None:
        """Take notice of a window: a late loop at once, everything else when there is enough to judge by."""
        seen = window.lag if window.lag >= 0 else 0.0  # NaN: nobody measured
        lag = self._lag = (seen + self._lag) / 2
        if self._draining and window.in_flight <= self._value * 1.1:
            self._draining, self._ready_at = False, window.at + self._settling
        self._gather(window, lag)
        self._foreign = min(self._foreign, lag)
        target = lag_target(self._objective, self._rate) + self._foreign
        # Half of what such a window saw belongs to the limit before.
        unsettled = self._draining or window.at - window.seconds < self._ready_at
        pressed = window.limited >= _LIMITED or window.in_flight >= self._value / 2
        if lag > target and pressed:
            self._late(window, lag, target, unsettled=unsettled)
        elif unsettled:
            self._forget()
        elif len(self._latencies) >= _ENOUGH or (self._latencies and self._seconds >= _AT_LONGEST):
            self._judge(window.at, target)

    def _gather(self, window: Window, lag: float) -> None:
        seconds = window.seconds if window.seconds > 0 else 0.0
        self._latencies.extend(window.plausible())
        self._failed += window.failed
        self._seconds += seconds
        self._limited += window.limited
        self._lags += lag
        self._windows += 1
        done = len(window.latencies) + window.failed
        if done and seconds:
            share = min(1.0, seconds / 0.5)
            self._rate += (done / seconds - self._rate) * (share if self._rate else 1.0)

    def _forget(self) -> None:
        self._latencies: list[float] = []
        self._failed = 0
        self._seconds = self._limited = self._lags = 0.0
        self._windows = 0

    def _late(self, window: Window, lag: float, target: float, *, unsettled: bool) -> None:
        """Lower by what stands before the loop, once those of the last cut have left."""
        self._trial = None
        cut = self._cut
        if unsettled:
            if cut is not None and lag > cut.lag:
                self._cut = _Trial(cut.limit, 0.0, lag)  # it was not felt yet
            self._forget()
            return
        if cut is not None and self._value < _TELLING * cut.limit:
            relief = (1 - lag / cut.lag) / (1 - self._value / cut.limit)
            self._cut = None
            if relief < _RELIEF:
                # Fewer inside, and as late as before: it is not those inside who hold the loop.
                self._foreign = lag
                self._move(cut.limit, window.at, 0.0)
                return
            cut = None
        # A door that closes on a late loop keeps fewer inside than the limit says.
        inside = min(self._value, max(1.0, window.in_flight))
        if cut is None:
            self._cut = _Trial(inside, 0.0, lag)
        standing = self._rate * (lag - target) * (_PASSES if lag > 2 * target else 0.5)
        self._move(max(inside / 3, inside - standing), window.at, 0.0)

    def _judge(self, now: float, target: float) -> None:
        """Settle the trial that is on, and begin another where there is reason to."""
        count = len(self._latencies)
        mean = math.fsum(self._latencies) / count
        lag = self._lags / self._windows
        if lag < target:
            self._cut = None
        if self._failed > count or not mean > 0 or self._limited < _LIMITED * self._windows:
            self._trial = None
            self._forget()
            return
        error = math.sqrt(math.fsum((x - mean) ** 2 for x in self._latencies) / count / count) / mean
        if self._trial is not None and not self._settle(self._trial, mean, error, lag, now, target):
            return
        if self._trial is None and error > _CERTAIN * (_RAISE - 1) / 2 and self._seconds < _AT_LONGEST:
            return  # too little to compare anything with: gather more
        if not abs(mean - self._held) <= _OTHER * self._held:
            self._hold_until, self._hold, self._lowering, self._stiff = -math.inf, _HOLD, False, False
        if now >= self._hold_until:
            self._step(_Trial(self._value, mean, lag, error), now, target)
        self._forget()

    def _step(self, here: _Trial, now: float, target: float) -> None:
        """Begin a trial from `here`, where there is reason to."""
        slow = _percentile(self._latencies, 0.9)
        most = math.inf if self._objective is None else self._objective * _NEAR
        room = 1 - here.lag / target
        at_least = self._value <= self._bounds.least
        if at_least:
            self._lowering = False
        if slow > most and not (self._stiff or at_least):
            self._begin(self._value * max(0.5, min(_LOWER, most / slow)), here, now, _OVERDUE)
        elif room < 0.4:
            self._trial = None
        elif slow > most:
            self._begin(max(self._value * _RAISE, self._value + 1), here, now, _STIFF)
        elif self._lowering or slow * 1.2 > most:
            self._begin(self._value * _LOWER, here, now, _IDLE)
        else:
            factor = min(1 + (_RAISE - 1) * room, most / slow)
            self._begin(max(self._value * factor, self._value + 1), here, now, _USE)

    def _settle(
        self, trial: _Trial, mean: float, error: float, lag: float, now: float, target: float
    ) -> bool:
        """Return whether the step was right, so that the next may be made; otherwise take it back.

        None of both while latencies differ so much that it cannot be told yet.
        """
        change = self.value / int(trial.limit)
        if abs(change - 1) < 0.1:
            return True  # too little to tell: go on, and compare with the same beginning
        gain = (change * trial.latency / mean - 1) / (change - 1)
        doubt = change * math.hypot(error, trial.error) / abs(change - 1)
        if doubt > _CERTAIN and self._seconds < _PATIENCE[trial.why]:
            return False
        if trial.why is _USE:
            # If more stands before the loop than before: what that may be, the target says.
            cpu = lag > target * 0.5 and lag - trial.lag > target * 0.15
            right = cpu or gain >= _USEFUL or (gain - doubt) * (change - 1) >= _WORTH
        elif trial.why is _IDLE:
            right = gain < _FREE
        elif trial.why is _STIFF:
            right = gain - doubt / 2 >= _SURELY
        else:
            right = gain - doubt < _SURELY
        self._trial = None
        if right:
            self._hold = _HOLD
            return True
        self._lowering = trial.why is _USE and not self._lowering
        self._stiff = trial.why is _OVERDUE
        self._held = trial.latency
        if not self._stiff:
            self._hold_until = now + self._hold
            self._hold = min(_HOLD_MOST, 2 * self._hold)
        self._move(trial.limit, now, mean)
        return False

    def _begin(self, value: float, here: _Trial, now: float, why: str) -> None:
        if self._trial is None or self._trial.why != why:
            self._trial = replace(here, why=why)
        self._move(value, now, here.latency)

    def _move(self, value: float, now: float, latency: float) -> None:
        value = self._bounds.clamp(value)
        self._draining = value < self._value
        self._settling = latency * value / self._value
        self._value = value
        self._ready_at = now + self._settling
        self._forget()


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] if values else 0.0
