"""A queue that stands is an overload: who may wait then, and for how long."""

from __future__ import annotations

import pytest

from holdfast.policy.admission import AdmissionConfig, Gate, Refused, Ticket
from holdfast.policy.admission.core import BEAT, Fate
from tests.policy.admission.gates import CRITICAL, NORMAL, Movable, beat, gate, wait


def test_a_queue_that_stands_is_an_overload_newest_first() -> None:
    g = gate(1, 8, wait=0.1)
    g.try_enter()
    old = wait(g, 0.0)
    at, longest = 0.0, 0
    while at < 0.3:  # one leaves and two come every 20 ms: somebody always waits
        came = [g.arrive(at, lambda: None) for _ in range(2)]
        longest = max(longest, g.queued)
        g.leave()
        g.late(at, 0.0)
        at += BEAT
    assert longest > 3
    assert g.overloaded
    assert old.fate is not Fate.WAITING
    assert g.queued <= 2, "no more than are served within twice the target"
    g.expire(at)
    first, second = wait(g, at), g.arrive(at, lambda: None)
    assert g.next_wakeup() == pytest.approx(at + 0.01)
    g.leave()
    newest = second if isinstance(second, Ticket) else first
    assert newest.fate is Fate.ADMITTED
    assert isinstance(came[-1], Refused), "more than that are refused at once"
    g.expire(at + 1)
    assert g.queued == 0
    beat(g, at + 1, at + 1.2)
    assert not g.overloaded


def test_the_most_important_wait_in_as_many_places_as_are_served_meanwhile() -> None:
    config = AdmissionConfig(1, 1, 0.1, highest=CRITICAL, follows=True)
    g = Gate(config, Movable(1))
    assert g.try_enter()
    for number in range(8):  # a window and more, in which 400 a second are answered
        for _ in range(8):
            g.note(number * BEAT, 0.001)
        g.late(number * BEAT, 0.0)
    tickets = [g.arrive(0.2, lambda: None, CRITICAL) for _ in range(60)]
    waiting = sum(isinstance(ticket, Ticket) for ticket in tickets)
    assert 20 <= waiting <= 50
    assert isinstance(g.arrive(0.2, lambda: None, NORMAL), Refused)
