"""Gates with a limit that stands still or is moved, and how time passes at them."""

from __future__ import annotations

from holdfast.policy.admission import AdmissionConfig, Class, Fixed, Gate, Ticket, Window, priority
from holdfast.policy.admission.core import BEAT

CRITICAL, NORMAL, SHEDDABLE = priority(Class.CRITICAL), priority(Class.NORMAL), priority(Class.SHEDDABLE)


class Movable:
    """A limit that a test moves, by the latency that it notes."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.windows: list[Window] = []

    def learn(self, window: Window) -> None:
        self.windows.append(window)
        if window.latencies:
            self.value = int(window.latencies[-1])


def gate(
    limit: int, queue: int, wait: float = 1.0, *, late: float | None = None, highest: int = NORMAL
) -> Gate:
    return Gate(AdmissionConfig(limit, queue, wait, late=late, highest=highest), Fixed(limit))


def move(gate: Gate, now: float, limit: int) -> None:
    gate.note(now, limit)
    gate.late(now, 0.0)
    gate.late(now + 0.2, 0.0)


def wait(gate: Gate, now: float, *, priority: int = NORMAL) -> Ticket:
    ticket = gate.arrive(now, lambda: None, priority)
    assert isinstance(ticket, Ticket), ticket
    return ticket


def beat(gate: Gate, since: float, until: float, lag: float = 0.0) -> float:
    while since < until:
        gate.late(since, lag)
        since += BEAT
    return since
