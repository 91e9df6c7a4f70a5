from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from holdfast.policy.admission import AdmissionConfig, Fixed, Gate, Refused, Ticket
from holdfast.policy.admission.core import Fate
from holdfast.policy.outcome import Outcome


class Movable:
    """A limit that a test moves."""

    def __init__(self, value: int) -> None:
        self.value = value

    def sample(self, now: float, latency: float, in_flight: int, outcome: Outcome) -> None:
        self.value = int(latency)


def gate(limit: int, queue: int, wait: float = 1.0) -> Gate:
    return Gate(AdmissionConfig(limit, queue, wait), Fixed(limit))


def test_full_without_a_queue() -> None:
    g = gate(1, 0)
    assert g.try_enter()
    assert not g.try_enter()
    assert g.arrive(0.0, lambda: None) == Refused("full", 1.0)
    g.leave()
    assert g.try_enter()


def test_first_come_first_served_and_nobody_jumps_the_queue() -> None:
    g, woken = gate(1, 2), []
    assert g.try_enter()
    first = g.arrive(0.0, lambda: woken.append("first"))
    second = g.arrive(0.0, lambda: woken.append("second"))
    assert isinstance(g.arrive(0.0, lambda: None), Refused)
    g.leave()
    assert woken == ["first"]
    assert isinstance(first, Ticket)
    assert first.fate is Fate.ADMITTED
    assert not g.try_enter()
    assert (g.in_flight, g.queued) == (1, 1)
    g.leave()
    assert woken == ["first", "second"]
    assert isinstance(second, Ticket)
    assert g.next_wakeup() is None


def test_a_wait_ends() -> None:
    g, woken = gate(1, 2, wait=1.0), []
    g.try_enter()
    ticket = g.arrive(5.0, lambda: woken.append(1))
    assert isinstance(ticket, Ticket)
    assert g.next_wakeup() == 6.0
    g.expire(5.9)
    assert not woken
    g.expire(6.0)
    assert woken == [1]
    assert ticket.fate is Fate.EXPIRED
    assert g.abandon(ticket)
    g.leave()
    assert g.in_flight == 0


def test_an_expired_place_is_free_for_the_next() -> None:
    g = gate(1, 1, wait=1.0)
    g.try_enter()
    assert isinstance(g.arrive(0.0, lambda: None), Ticket)
    assert isinstance(g.arrive(0.5, lambda: None), Refused)
    assert isinstance(g.arrive(1.5, lambda: None), Ticket)


def test_the_gate_follows_the_limit() -> None:
    g, woken = Gate(AdmissionConfig(1, 9), Movable(1)), []
    assert g.try_enter()
    for index in range(3):
        g.arrive(0.0, lambda i=index: woken.append(i))
    g.sample(0.0, 3.0, Outcome.SUCCESS)
    assert woken == [0, 1]
    g.sample(0.0, 1.0, Outcome.SUCCESS)
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


@pytest.mark.parametrize(
    "bad", [{"limit": 0}, {"limit": 1, "queue": -1}, {"limit": 1, "queue": 1, "wait": 0.0}, {"limit": None}]
)
def test_contradictions(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|nothing to enforce"):
        AdmissionConfig(**bad)


class Conservation(RuleBasedStateMachine):
    """Whatever happens: permits are conserved, bounds hold, nobody waits while there is room."""

    inside = Bundle("inside")
    tickets = Bundle("tickets")

    @initialize(limit=st.integers(1, 4), queue=st.integers(0, 4))
    def build(self, limit: int, queue: int) -> None:
        self.limit, self.queue = Movable(limit), queue
        self.gate = Gate(AdmissionConfig(limit, queue, 1.0), self.limit)
        self.now, self.held, self.woken = 0.0, 0, 0
        self.waiting: list[Ticket] = []

    @rule(target=inside)
    def enter(self) -> object:
        room = self.gate.in_flight < self.gate.limit and not self.gate.queued
        assert self.gate.try_enter() is room
        self.held += room
        return room

    @rule()
    def arrive(self) -> None:
        ticket = self.gate.arrive(self.now, lambda: None)
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

    @rule(limit=st.integers(1, 6))
    def move(self, limit: int) -> None:
        self.gate.sample(self.now, limit, Outcome.SUCCESS)

    @invariant()
    def conserved(self) -> None:
        if not hasattr(self, "gate"):
            return
        admitted = sum(t.fate is Fate.ADMITTED for t in self.waiting)
        queued = sum(t.fate is Fate.WAITING for t in self.waiting)
        assert self.gate.in_flight == self.held + admitted
        assert self.gate.queued == queued <= self.queue
        assert not queued or self.gate.in_flight >= self.gate.limit


TestConservation = Conservation.TestCase
