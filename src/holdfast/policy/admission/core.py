"""The gate: a bounded number inside, a bounded number waiting, and a door that closes when the loop is late.

Pure: it takes the time and says what happens; a ticket's `wake` is called when its fate is known. Permits are
conserved: `in_flight` rises with every admission and falls with every `leave`, and a permit that is handed
over goes to exactly one ticket, whose owner either uses it and leaves, or passes it on by leaving.

The gate decides who enters, and has asked: `Limit`, how many may be inside; `Shutter`, how many of them while
the loop is late; `Overload`, who may wait for how long; `Line`, whose turn it is; `Share`, which part of all
requests is not to come at all. `Verdict` makes one answer of that.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from holdfast.policy.admission.config import AdmissionConfig
from holdfast.policy.admission.limit import Limit
from holdfast.policy.admission.line import Fate, Line, Ticket
from holdfast.policy.admission.overload import Overload
from holdfast.policy.admission.priority import LEVELS, NORMAL, OBSERVED
from holdfast.policy.admission.share import Share
from holdfast.policy.admission.shutter import Shutter
from holdfast.policy.admission.tally import Tally
from holdfast.policy.admission.verdict import Refused, Verdict
from holdfast.policy.admission.window import WINDOW
from holdfast.policy.mode import Mode

__all__ = ["BEAT", "Fate", "Gate", "Refused", "Ticket"]

BEAT = 0.02
"""Seconds between the calls of `late` while the gate is `restless`: a fifth of CoDel's interval."""

_MOST = 256
"""How many answers a window holds at most where nobody beats."""

_BLIND = 1.0
"""After so many seconds without a beat nothing is known of the loop's lag: the door opens."""


class Gate:
    """Who enters. `try_enter` and `leave` are the hot path; the rest is for when the gate is full.

    `alarm` is called when somebody was turned away and the gate wants beats: set it. `coming`: those who have
    been let through before the gate, and will be at it before anybody else is: a loop reads many connections
    before it runs what they brought. `room`: 0 while the door is closed, and less than the limit for a while
    after that.
    """

    __slots__ = (
        "_config",
        "_enforces",
        "_full",
        "_line",
        "_number",
        "_plain",
        "_seen_at",
        "_shutter",
        "_tally",
        "_turned",
        "_turned_before",
        "_verdict",
        "alarm",
        "coming",
        "in_flight",
        "limit",
        "overload",
        "queued",
        "restless",
        "room",
        "share",
    )

    def __init__(self, config: AdmissionConfig, limit: Limit) -> None:
        self._config = config
        self._enforces = config.mode is Mode.ENFORCE
        interval = max(config.wait, WINDOW)
        self._number = limit
        self._line = Line()
        self._shutter = Shutter(None if config.mode is Mode.OFF else config.late, interval)
        self._tally = Tally()
        self.overload = Overload(config, interval)
        self.share = Share()
        self._verdict = Verdict(config, self._line, self._shutter, self.overload, self.share)
        self._full = self._verdict.full
        self.alarm: Callable[[], object] = _nothing
        self.limit = self.room = limit.value
        self.in_flight = self.queued = self.coming = 0
        self.restless = self._plain = False
        self._seen_at = math.nan
        self._turned = self._turned_before = 0

    @property
    def overloaded(self) -> bool:
        """Whether those who come are more than there is room for, and not for a moment only."""
        return self.overload.active

    # The hot path.

    def try_enter(self) -> bool:
        """Enter if there is room and nobody waits for it. Every True needs one `leave`."""
        if self.in_flight < self.room and not self.queued:
            self.in_flight += 1
            return True
        return False

    def enter_anyway(self) -> None:
        """Enter beyond any limit: observe mode counts and refuses nothing. Needs one `leave`."""
        self.in_flight += 1

    def leave(self) -> None:
        """Give one permit back; whoever's turn it is gets it, unless the limit has fallen below."""
        self.in_flight -= 1
        if self.queued:
            self.admit()

    def note(self, now: float, latency: float) -> None:
        """Let the limit learn from an answer that took `latency` seconds until it began."""
        latencies = self._tally.latencies
        latencies.append(latency)
        if len(latencies) >= _MOST:
            self._fold(now)

    def note_failure(self) -> None:
        """Let the limit know of an answer that failed."""
        self._tally.failed += 1

    # At the door.

    def shut(self, now: float) -> Refused | None:
        """Return the refusal if even a request of the highest priority would be refused at once now."""
        return self.refuses(now, self._config.highest)

    def refuses(self, now: float, priority: int = NORMAL) -> Refused | None:
        """Return the refusal if a request of that priority would be refused at once now.

        Whoever refuses on the strength of it need not come to the gate any more: it has been counted.
        """
        over, queued = self.in_flight + self.coming - self.room, self.queued
        if over < 0 and not queued:
            return None
        # Nearly all refusals, and all there is to say of them: restless, and neither closed nor with classes.
        if self._plain and over >= 0 and queued + min(self.coming, over) >= self.overload.places:
            self._turned += 1
            return self._full
        return self._turn_away(now, priority) if self._enforces else None

    def bars(self, priority: int) -> Refused | None:
        """Return the refusal if a request that is inside already is one that an overload has no room for.

        For the second stage, which knows the caller and so the level, and asks `binds` whether it is to act.
        """
        return self._verdict.low if priority % OBSERVED < self.share.bar else None

    def binds(self, priority: int) -> bool:
        """Whether a request of that priority is kept out at all: not where this only observes."""
        return self._enforces and priority < OBSERVED

    def foresee(self, now: float, priority: int = NORMAL) -> Refused | None:
        """Return what one would be told who is let in for all that, as this only observes.

        None: he would wait. Those inside beyond the room stand for those who would. He counts as turned away.
        """
        beyond = self.in_flight - self.room
        if beyond <= 0:
            self.overload.queues(now)
        self._restless(now)
        self._turned += 1
        return self._verdict.on(
            priority % OBSERVED, waiting=max(0, beyond), inside=self.in_flight, limit=self.limit
        )

    def _turn_away(self, now: float, priority: int) -> Refused | None:
        self._restless(now)
        if priority >= OBSERVED:
            return None
        waiting: int | None = None
        if (over := self.in_flight + self.coming - self.room) >= 0 or self.queued:
            # Those on their way who will find no room will stand in the queue.
            waiting = self.queued + max(0, min(self.coming, over))
        refused = self._verdict.on(priority, waiting=waiting, inside=self.in_flight, limit=self.limit)
        if refused is not None:
            self._turned += 1
            self.share.refused(priority // LEVELS, for_room=refused is not self._verdict.low)
        return refused

    def _restless(self, now: float) -> None:
        """Somebody finds no room: have beats from now on, and open a door that nobody has watched."""
        if not self.restless:
            self.restless = True
            self.overload.quiet_since = now
            self.alarm()
        if now - self._seen_at > _BLIND and self._shutter.narrows(self.limit):
            self._shutter.release()
            self._let_in()

    # The line.

    def arrive(self, now: float, wake: Callable[[], object], priority: int = NORMAL) -> Ticket | Refused:
        """Take a place in the line, or learn that there is none. Call it after `try_enter` said no."""
        self.expire(now)  # a place that nobody can use any more is free
        refused = self._turn_away(now, priority)
        if refused is not None:
            return refused
        self._turned += 1
        if not self.queued:
            self.overload.queues(now)
        ticket = Ticket(now, priority, wake)
        closed = self._shutter.closed
        if self.in_flight < (self.limit if closed else self.room) and (closed or not self.queued):
            self.in_flight += 1  # past a closed door, or past one that has just opened
            ticket.settle(Fate.ADMITTED)
            return ticket
        if self.queued >= self.overload.places and self._line.below(ticket.kind):
            self.queued -= 1
            self._line.displace(ticket.kind).settle(Fate.DISPLACED)
        self._line.add(ticket)
        self.queued += 1
        self.admit()
        return ticket

    def abandon(self, ticket: Ticket) -> bool:
        """Give up a ticket. False: it had been admitted, so its owner holds a permit and must leave."""
        if ticket.fate is Fate.ADMITTED:
            return False
        if ticket.fate is Fate.WAITING:
            self._line.remove(ticket)
            self.queued -= 1
            ticket.fate = Fate.ABANDONED
        return True

    def admit(self) -> None:
        """Let in who waits, for as long as there is room."""
        while self.queued and self.in_flight < self.room:
            ticket = self._line.next(newest=self.overload.active)
            if ticket is None:
                return
            self.queued -= 1
            self.in_flight += 1
            self._tally.admitted += 1
            ticket.settle(Fate.ADMITTED)

    def expire(self, now: float) -> None:
        """Wake, unadmitted, everyone whose wait is over."""
        if self.queued:
            for ticket in self._line.overdue(now, self.overload.waits()):
                self.queued -= 1
                ticket.settle(Fate.EXPIRED)

    def next_wakeup(self) -> float | None:
        """Return when `expire` has something to do; None while nobody waits."""
        return self._line.next_due(self.overload.waits()) if self.queued else None

    def refusal(self, ticket: Ticket) -> Refused:
        """Return what one is told whose wait ended in vain."""
        return self._verdict.displaced if ticket.fate is Fate.DISPLACED else self._verdict.waited

    # The beat.

    def late(self, now: float, lag: float) -> None:
        """Take notice of how late the loop is, in seconds: every `BEAT` while the gate is `restless`."""
        tally, shutter, overload = self._tally, self._shutter, self.overload
        if not now - self._seen_at <= _BLIND:
            if tally.latencies or tally.failed:
                self._fold(now)  # what was before nobody watched
            tally.since = now
        self._seen_at = now
        turned, self._turned_before = self._turned - self._turned_before, self._turned
        tally.beat(lag, self.in_flight, full=turned > 0)
        shutter.beat(now, lag, inside=self.in_flight, limit=self.limit)
        self._let_in()
        if shutter.closed:
            self._overload(now)
        standing = self.queued if self._enforces else max(0, self.in_flight - self.room)
        if overload.beat(now, queued=standing, turned=turned, closed=shutter.closed):
            self._overload(now)
        if now - tally.since >= WINDOW:
            self._fold(now)
            self.share.turn()
        self.restless = (
            overload.active
            or shutter.narrows(self.limit)
            or self.queued > 0
            or now - overload.quiet_since < _BLIND
        )
        self._plain = (
            self._enforces
            and self.restless
            and not shutter.closed
            and not self.share.active
            and self._config.highest == NORMAL
        )

    def _overload(self, now: float) -> None:
        if not self.overload.active:
            self.overload.begin(self._tally.admitted)
            self.expire(now)

    def _fold(self, now: float) -> None:
        """Let the limit learn from the window that ends now, and follow it."""
        window = self._tally.window(now, self.in_flight)
        answered = len(window.latencies) + window.failed
        self.share.served(answered)
        if window.seconds:
            self.overload.turn(window.seconds, answered=answered, admitted=self._tally.admitted)
        self._tally.begin(now)
        self._number.learn(window)
        self.limit = self._number.value
        self._let_in()

    def _let_in(self) -> None:
        self.room = self._shutter.room(self.limit)
        if self.queued:
            self.admit()


def _nothing() -> None:
    """Nobody beats."""
