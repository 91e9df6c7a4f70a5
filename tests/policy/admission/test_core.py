"""The gate: permits are conserved, whatever happens."""

from __future__ import annotations

import math

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from holdfast.policy.admission import AdmissionConfig, Fixed, Gate, Refused, Ticket
from holdfast.policy.admission.core import Fate
from holdfast.policy.mode import Mode
from tests.policy.admission.gates import CRITICAL, Movable, beat, gate, move


def test_full_without_a_queue() -> None:
    g = gate(1, 0)
    assert g.refuses(0.0) is None
    assert g.try_enter()
    assert not g.try_enter()
    assert g.arrive(0.0, lambda: None) == g.refuses(0.0) == g.shut(0.0) == Refused("full", 1.0)
    g.leave()
    assert g.try_enter()


def test_the_gate_follows_the_limit() -> None:
    g, woken = Gate(AdmissionConfig(1, 9, wait=60.0), Movable(1)), []
    assert g.try_enter()
    for index in range(3):
        g.arrive(0.0, lambda i=index: woken.append(i))
    move(g, 0.0, 3)
    assert woken == [0, 1]
    move(g, 1.0, 1)
    g.leave()  # two are left inside, one too many
    assert woken == [0, 1]
    g.leave()
    g.leave()
    assert woken == [0, 1, 2]
    assert g.in_flight == 1


def test_observing_counts_beyond_the_limit() -> None:
    g = gate(1, 0)
    g.try_enter()
    g.enter_anyway()
    assert g.in_flight == 2
    g.leave()
    assert not g.try_enter()
    watching = Gate(AdmissionConfig(1, mode=Mode.OBSERVE), Fixed(1))
    watching.enter_anyway()
    assert watching.shut(0.0) is None


def test_the_alarm_is_given_once_and_the_beat_ends() -> None:
    g, alarms = gate(1, 0), []
    g.alarm = lambda: alarms.append(1)
    g.try_enter()
    for _ in range(3):
        assert g.refuses(0.0) is not None
    assert (alarms, g.restless) == ([1], True)
    at = beat(g, 0.0, 0.5)
    assert g.restless
    beat(g, at, 3.0)
    assert not g.restless


class Conservation(RuleBasedStateMachine):
    """Whatever happens: permits are conserved, bounds hold, nobody waits while there is room."""

    inside = Bundle("inside")

    @initialize(limit=st.integers(1, 4), queue=st.integers(0, 4), late=st.sampled_from([None, 0.05]))
    def build(self, limit: int, queue: int, late: float | None) -> None:
        self.queue = queue
        self.gate = Gate(AdmissionConfig(limit, queue, 1.0, late=late, highest=CRITICAL), Movable(limit))
        self.gate.share.active = True
        self.now, self.held = 0.0, 0
        self.waiting: list[Ticket] = []

    @rule(target=inside)
    def enter(self) -> object:
        entered = self.gate.try_enter()
        assert not entered or self.gate.in_flight <= self.gate.limit
        self.held += entered
        return entered

    @rule(important=st.integers(0, 299))
    def arrive(self, important: int) -> None:
        refused = self.gate.refuses(self.now, important)
        ticket = self.gate.arrive(self.now, lambda: None, important)
        assert refused is None or isinstance(ticket, Refused) or self.gate.next_wakeup() is not None
        if isinstance(ticket, Ticket):
            self.waiting.append(ticket)

    @rule(entered=consumes(inside))
    def leave(self, entered: bool) -> None:
        if entered:
            self.held -= 1
            self.gate.leave()

    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        if self.waiting:
            ticket = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
            if not self.gate.abandon(ticket):
                self.gate.leave()

    @rule(seconds=st.floats(0, 2))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.gate.expire(self.now)

    @rule(lag=st.sampled_from([0.0, 0.01, 0.2, math.inf, math.nan]), seconds=st.floats(0, 0.2))
    def beat(self, lag: float, seconds: float) -> None:
        self.now += seconds
        self.gate.late(self.now, lag)

    @rule(limit=st.integers(1, 6))
    def move(self, limit: int) -> None:
        self.gate.note(self.now, limit)

    @invariant()
    def conserved(self) -> None:
        if not hasattr(self, "gate"):
            return
        admitted = sum(t.fate is Fate.ADMITTED for t in self.waiting)
        queued = sum(t.fate is Fate.WAITING for t in self.waiting)
        assert self.gate.in_flight == self.held + admitted
        assert self.gate.queued == queued <= self.queue
        open_ = self.gate.refuses(self.now, CRITICAL) is None or self.gate.in_flight >= self.gate.limit
        assert not queued or open_ or self.gate.overloaded


TestConservation = Conservation.TestCase
