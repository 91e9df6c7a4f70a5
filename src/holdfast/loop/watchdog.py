"""The thread that sees the loop stand still, and what it was doing.

What it cannot see: while C code holds the GIL this thread waits as the loop does, and samples the stack at
the first moment after; if the loop has ticked by then there is no sample, and the stall is told as `UNSEEN`.
If the GIL is never given back, only another process (the supervisor, by the heartbeat) can tell. C code that
runs on uvloop without any Python frame looks like an idle loop, and is told as `STARVED`. CPU time that a
hypervisor takes away looks like slow code.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable

from holdfast.clock import Now
from holdfast.events import StallSeen
from holdfast.loop.alarm import alarm
from holdfast.loop.attribution import Attribution
from holdfast.loop.detector import Look, Part, StallDetector
from holdfast.loop.lag import LagProbe
from holdfast.loop.place import STARVED, UNSEEN, Place, majority
from holdfast.loop.starvation import RunDelay

__all__ = ["Watchdog"]

_log = logging.getLogger("holdfast")


class Watchdog(threading.Thread):
    """Looks at `probe` when `detector` says, samples the loop's thread and emits `StallSeen`.

    To be made on the loop's thread. `in_flight` tells the requests in flight; it is called on this thread,
    while the loop stands still. `emit` is called on this thread too.
    """

    def __init__(
        self,
        probe: LagProbe,
        detector: StallDetector,
        emit: Callable[[StallSeen], None],
        *,
        in_flight: Callable[[], int],
        now: Now,
    ) -> None:
        super().__init__(name="holdfast-watchdog", daemon=True)
        self._probe = probe
        self._detector = detector
        self._emit = emit
        self._in_flight = in_flight
        self._now = now
        self._loop_thread = threading.get_ident()
        self._delay = RunDelay(threading.get_native_id())
        self._attribution = Attribution()
        self._alarm = alarm()
        self._halt = threading.Lock()  # held until it is time to end: cheaper to wait for than an Event
        self._halt.acquire()
        self._failed = False
        self._stall = _Sampled(due=float("nan"))
        self._delay_before = self._delay.read()

    def expect(self, due: float) -> None:
        """The loop's next tick is `due`: called on its thread, at each tick.

        The alarm is put off, unless a tick that was late is still to be told. What the loop's thread has
        waited for a CPU by now is no part of a stall to come.
        """
        if self._probe.late:
            self._alarm.set(0.0)
        else:
            self._delay_before = self._delay.read()
            self._alarm.set(due + self._detector.grace)

    def stop(self) -> None:
        """Tell what is known, and end; returns when the thread has ended."""
        if self._halt.locked():
            self._halt.release()
        self._alarm.set(0.0)
        if self.is_alive() and threading.current_thread() is not self:
            self.join()

    def run(self) -> None:
        """Look until stopped. Watching never harms what is watched: an error is logged once, and passed."""
        try:
            while not self._ended():
                self._guarded()
            self._guarded()
        finally:
            self._delay.close()
            self._alarm.close()

    def _ended(self) -> bool:
        """Wait until there is something to look at; return whether to end instead.

        For a loop that ticks in time that is when it no longer does; one that stands still is looked at again
        and again.
        """
        now, due = self._now(), self._probe.due
        if now - due < self._detector.grace and not self._probe.late:
            # Set here too: it may have gone off for what is told by now, and a loop that stands still since
            # then does not set it.
            self._alarm.set(due + self._detector.grace)
            self._alarm.wait()
            return self._halt.acquire(blocking=False)
        return self._halt.acquire(timeout=self._detector.pause(now, due))

    def _guarded(self) -> None:
        try:
            self.look()
        except Exception:  # noqa: BLE001 - whatever the service's objects do when they are looked at
            if not self._failed:
                self._failed = True
                _log.exception("the stall watch failed; it goes on")

    def look(self) -> None:
        """Look once: tell the stalls that have ended, and sample the one that goes on."""
        now, due = self._now(), self._probe.due  # due before late: see LagProbe
        while self._probe.late:
            late = self._probe.late.popleft()
            part = self._detector.ended(*late)
            if part is not None:
                self._tell(part, self._stall if self._stall.due == late.due else _Sampled(late.due))
                self._delay_before = self._delay.read()
        look = self._detector.look(now, due)
        if look is Look.NOTHING:
            self._delay_before = self._delay.read()
            return
        if self._stall.due != due:
            self._stall = _Sampled(due)
        self._sample(self._stall)
        if look is Look.REPORT and self._probe.due == due and not self._stall.paused:
            self._tell(self._detector.report(now), self._stall)

    def _sample(self, stall: _Sampled) -> None:
        if not self._probe.is_running():
            stall.paused = True
            return
        frame = sys._current_frames().get(self._loop_thread)
        if frame is None:
            return
        task = self._probe.task()
        entry = getattr(task.get_coro(), "cr_frame", None) if task is not None else None
        place = self._attribution.place(frame, self._probe.base, entry)
        in_flight = self._in_flight()
        if self._probe.due == stall.due:  # else it has ticked meanwhile, and the stack is of something else
            stall.places[place or STARVED] += 1
            stall.in_flight = max(stall.in_flight, in_flight)

    def _tell(self, part: Part, stall: _Sampled) -> None:
        if stall.paused:
            return
        place = self._judge(part, stall)
        in_flight = stall.in_flight if stall.places else self._in_flight()
        holders = 1 if place.route else 0
        victims = max(0, in_flight - holders - stall.victims_told)
        stall.victims_told += victims
        if stall.places:
            stall.last = place
            stall.places.clear()
        self._emit(
            StallSeen(
                at=part.start,
                duration=part.duration,
                file=place.file,
                line=place.line,
                function=place.function,
                sink=place.sink,
                route=place.route,
                victims=victims,
            )
        )

    def _judge(self, part: Part, stall: _Sampled) -> Place:
        """Blame a line only if it would have held the loop too long on a CPU of its own."""
        place = majority(stall.places) if stall.places else stall.last
        if part.first and part.duration - self._waited_for_cpu() <= self._detector.threshold:
            return STARVED
        return place

    def _waited_for_cpu(self) -> float:
        """Return the seconds that the loop's thread waited for a CPU since it was last seen in time."""
        return max(0.0, self._delay.read() - self._delay_before)


class _Sampled:
    """What was seen of the stall at the tick that was `due`.

    `paused`: nobody ran the loop. `last` is the place of the part that was told before.
    """

    __slots__ = ("due", "in_flight", "last", "paused", "places", "victims_told")

    def __init__(self, due: float) -> None:
        self.due = due
        self.places: Counter[Place] = Counter()
        self.in_flight = 0
        self.paused = False
        self.last = UNSEEN
        self.victims_told = 0
