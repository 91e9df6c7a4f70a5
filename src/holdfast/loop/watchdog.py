"""The thread that sees the loop stand still, and what it was doing.

While C code holds the GIL this thread waits as the loop does. It asks for the GIL, so that it gets it as
soon as the call returns, with the loop still at that line: `Attribution.place` knows what to make of it. If
the loop has ticked by then there is no sample, and the stall is told as `UNSEEN`. If the GIL is never given
back, only another process (the supervisor, by the heartbeat) can tell, and only `LiveDump` the line. C code
that runs on uvloop without any Python frame looks like an idle loop, and is told as `STARVED`. CPU time that
a hypervisor takes away looks like slow code.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

from holdfast.clock import Now
from holdfast.events import StallSeen
from holdfast.loop.account import Account
from holdfast.loop.alarm import alarm
from holdfast.loop.attribution import Attribution, Stack
from holdfast.loop.cause import Cause, judge
from holdfast.loop.detector import Look, Part, StallDetector
from holdfast.loop.dump import LiveDump
from holdfast.loop.garbage import Garbage
from holdfast.loop.lag import LagProbe
from holdfast.loop.place import NOWHERE, STARVED, Place, majority
from holdfast.loop.sampled import Glance, Sampled
from holdfast.loop.standstill import Standstill
from holdfast.loop.starvation import RunDelay

__all__ = ["Watchdog"]

_log = logging.getLogger("holdfast")

_AT_MOST = 3600.0
"""Seconds that an alarm is set ahead: a probe that does not tick is never due."""


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
        self._garbage = Garbage()
        self._standstill = Standstill()
        self._dump: LiveDump | None = None
        self._attribution = Attribution()
        self._alarm = alarm()
        self._halt = threading.Lock()  # held until it is time to end: cheaper to wait for than an Event
        self._halt.acquire()
        self._failed = self._closed = False
        self._stall = Sampled(due=float("nan"))
        self._wake_at = float("inf")
        self._after_c = False
        self._glanced: Glance | None = None
        self._account = Account(self._delay, self._garbage, self._standstill)

    def expect(self, due: float) -> None:
        """The loop's next tick is `due`: called on its thread, at each tick.

        The alarm is put off, unless a tick that was late is still to be told. What the loop's thread has
        waited for by now is no part of a stall to come.
        """
        if self._dump is not None:
            self._dump.put_off(self._now())
        if self._probe.late:
            self._alarm.set(0.0)
        else:
            self._account.begin()
            self._wake_at = due + self._detector.grace
            self._alarm.set(self._wake_at)

    def dump_to(self, dump: LiveDump | None) -> None:
        """Have the stack dumped from within C code; None: no more. Call it on the loop's thread."""
        before, self._dump = self._dump, dump
        if before is not None:
            before.close()
        if dump is not None:
            dump.put_off(self._now())

    def stop(self) -> None:
        """Tell what is known, and end; returns when the thread has ended."""
        if self._halt.locked():
            self._halt.release()
        if self._closed:
            return
        self._alarm.set(0.0)
        if self.is_alive():
            self.join()
        # Here and not as the thread ends: it may have ended before the alarm was set above.
        self._closed = True
        self._alarm.close()
        self._delay.close()

    def run(self) -> None:
        """Look until stopped. Watching never harms what is watched: an error is logged once, and passed."""
        self._standstill.enter()
        self._garbage.start()
        try:
            while not self._ended():
                self._guarded()
            self._guarded()
        finally:
            self._garbage.stop()
            self._standstill.close()
            self.dump_to(None)

    def _ended(self) -> bool:
        """Wait until there is something to look at; return whether to end instead.

        For a loop that ticks in time that is when it no longer does; one that stands still is looked at again
        and again.
        """
        now, due = self._now(), self._probe.due
        if now - due < self._detector.grace and not self._probe.late:
            # Set here too: it may have gone off for what is told by now, and a loop that stands still since
            # then does not set it.
            self._wake_at = due + self._detector.grace
            self._alarm.set(min(self._wake_at, now + _AT_MOST))
            if self._halt.acquire(blocking=False):
                return True  # it was stopped while the alarm was set, which has undone its ringing
            self._standstill.waits()
            self._alarm.wait()
            self._glance()
            self._after_c = self._standstill.woke(self._now() - self._wake_at)
            return self._halt.acquire(blocking=False)
        pause = self._detector.pause(now, due)
        self._standstill.waits()
        ended = self._halt.acquire(timeout=pause)
        self._glance()
        self._after_c = not ended and self._standstill.woke(self._now() - now - pause)
        return ended

    def _guarded(self) -> None:
        try:
            self.look()
        except Exception:  # noqa: BLE001 - whatever the service's objects do when they are looked at
            if not self._failed:
                self._failed = True
                _log.exception("the stall watch failed; it goes on")

    def look(self) -> None:
        """Look once: tell the stalls that have ended, and sample the one that goes on."""
        self._take()
        now, due = self._now(), self._probe.due  # due before late: see LagProbe
        while self._probe.late:
            late = self._probe.late.popleft()
            part = self._detector.ended(*late)
            if part is not None:
                self._tell(part, self._stall if self._stall.due == late.due else Sampled(late.due))
                self._account.begin()
        look = self._detector.look(now, due)
        if look is Look.NOTHING:
            self._account.begin()
            return
        if self._dump is not None:
            self._dump.put_off(now)
        if self._stall.due != due or not self._stall.fresh:
            self._glance()
            self._take()
        stall = self._stall
        stall.fresh = False
        if look is Look.REPORT and self._probe.due == due == stall.due and not stall.paused:
            if stall.seen is not None:
                stall.stack = self._attribution.texts(stall.seen)
            self._tell(self._detector.report(now), stall)
            self._account.begin()

    def _glance(self) -> None:
        """Read the loop's stack before anything lets go of the GIL: it stands where C code ended."""
        due, frame = self._probe.due, sys._current_frames().get(self._loop_thread)
        if frame is None or self._now() - due < self._detector.grace:
            return
        stack = Stack.of(frame, self._probe.base)
        task = self._probe.task()
        entry = getattr(task.get_coro(), "cr_frame", None) if task is not None else None
        if self._probe.due != due:
            return  # it has ticked meanwhile, and the stack is of something else
        locked = self._delay.locked()
        self._glanced = Glance(due, stack, entry, locked if self._probe.due == due else None)

    def _take(self) -> None:
        """Count what the last glance saw as a sample of the stall it belongs to."""
        glance, self._glanced = self._glanced, None
        if glance is None:
            return
        if self._stall.due != glance.due:
            self._stall = Sampled(glance.due)
        stall = self._stall
        if not self._probe.is_running():
            stall.paused = True
            if self._dump is not None:
                self._dump.cancel()
            return
        place = self._attribution.place(glance.stack, glance.entry, after_c=self._after_c)
        stall.places[place or STARVED] += 1
        stall.locked += {True: 1, False: -1, None: 0}[glance.locked]
        stall.in_flight = max(stall.in_flight, self._in_flight())
        stall.seen, stall.fresh = glance.stack, True

    def _tell(self, part: Part, stall: Sampled) -> None:
        if stall.paused:
            return
        cause, place = self._judge(part, stall)
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
                request_id=place.request_id,
                cause=str(cause),
                stack=stall.stack,
            )
        )
        stall.locked = 0
        stall.stack, stall.seen = (), None  # its frames keep a request's locals alive

    def _judge(self, part: Part, stall: Sampled) -> tuple[Cause, Place]:
        """Blame a line only if it would have held the loop too long on a machine of its own."""
        if not part.first and not stall.places:
            return stall.cause, NOWHERE.get(stall.cause, stall.last)  # the short end of what was told
        place = majority(stall.places) if stall.places else stall.last
        dumped = self._dump.take() if self._dump is not None else ()
        if dumped:
            stall.stack = dumped
            place = self._attribution.dumped(dumped, place)
        # What follows a part that was told may be short: then most of it has to be somebody else's doing.
        allowed = self._detector.threshold if part.first else part.duration / 2
        cause = judge(part.duration, allowed, self._account.spent(part.duration, stall.locked))
        if place is STARVED and cause.blames:
            cause = Cause.STARVED
        stall.cause = cause
        return cause, NOWHERE.get(cause, place)
