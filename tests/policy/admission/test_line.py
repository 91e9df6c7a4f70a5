"""Who waits, in which order, until when."""

from __future__ import annotations

from holdfast.policy.admission import Refused, Ticket
from holdfast.policy.admission.core import Fate
from tests.policy.admission.gates import CRITICAL, NORMAL, SHEDDABLE, gate, wait


def test_first_come_first_served_and_nobody_jumps_the_queue() -> None:
    g, woken = gate(1, 2), []
    assert g.try_enter()
    first = g.arrive(0.0, lambda: woken.append("first"))
    assert g.refuses(0.0) is None, "there is a place to wait"
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
    assert g.refusal(ticket).reason == "waited"
    assert g.abandon(ticket)
    g.leave()
    assert g.in_flight == 0


def test_an_expired_place_is_free_for_the_next() -> None:
    g = gate(1, 1, wait=1.0)
    g.try_enter()
    assert isinstance(g.arrive(0.0, lambda: None), Ticket)
    assert isinstance(g.arrive(0.5, lambda: None), Refused)
    assert isinstance(g.arrive(1.5, lambda: None), Ticket)


def test_the_most_important_goes_first() -> None:
    g = gate(1, 3)
    g.try_enter()
    tickets = [wait(g, 0.0, priority=p) for p in (SHEDDABLE, NORMAL, CRITICAL)]
    fates = []
    for _ in range(3):
        g.leave()
        fates.append([ticket.fate is Fate.ADMITTED for ticket in tickets])
    assert fates == [[False, False, True], [False, True, True], [True, True, True]]


def test_who_is_more_important_takes_a_place_in_the_line() -> None:
    g = gate(1, 2, highest=CRITICAL)
    g.try_enter()
    low, normal = wait(g, 0.0, priority=SHEDDABLE), wait(g, 0.0)
    assert g.refuses(0.0, SHEDDABLE) is not None
    assert g.refuses(0.0, CRITICAL) is g.shut(0.0) is None
    another = wait(g, 0.1)
    assert (low.fate, g.refusal(low).reason) == (Fate.DISPLACED, "displaced")
    wait(g, 0.2, priority=CRITICAL)
    wait(g, 0.2, priority=CRITICAL)
    assert normal.fate is another.fate is Fate.DISPLACED
    assert g.queued == 2
    assert g.shut(0.2) == Refused("full", 1.0)
