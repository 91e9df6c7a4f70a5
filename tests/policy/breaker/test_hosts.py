from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from holdfast.errors import BreakerOpen
from holdfast.events import BreakerChanged, Bus
from holdfast.policy.breaker import BreakerConfig, HostBreakers
from holdfast.policy.outcome import Outcome

HOSTS = [f"host-{number}" for number in range(10)]


def hosts(share: float) -> tuple[HostBreakers, list[Any]]:
    bus, heard = Bus(), []
    bus.subscribe(BreakerChanged, heard.append)
    made = HostBreakers("payments", BreakerConfig(10.0, 0.5, 5.0, minimum=2), share, bus=bus)
    for host in HOSTS:
        made.of(host)
    return made, heard


def fail(breakers: HostBreakers, names: Iterable[str], now: float) -> None:
    for name in names:
        guard = breakers.of(name)
        for _ in range(2):
            guard.settle(guard.enter(now), Outcome.FAILURE, now)


def refused(breakers: HostBreakers, now: float) -> list[str]:
    found = []
    for name in HOSTS:
        try:
            breakers.of(name).enter(now)
        except BreakerOpen:
            found.append(name)
    return found


def test_one_bad_host_is_left_alone_and_no_other() -> None:
    breakers, heard = hosts(0.1)
    fail(breakers, HOSTS[3:4], 100.0)
    assert refused(breakers, 101.0) == HOSTS[3:4]
    assert [(event.old, event.new) for event in heard] == [("closed", "half-open")]
    assert heard[0].why == "host-3: the share of failures is reached"


@pytest.mark.parametrize(("share", "left"), [(0.0, 1), (0.1, 1), (0.3, 3), (1.0, 10)])
def test_no_more_than_the_share_is_left_alone(share: float, left: int) -> None:
    breakers, _ = hosts(share)
    fail(breakers, reversed(HOSTS), 100.0)
    assert refused(breakers, 101.0) == HOSTS[10 - left :]


def test_shown_as_open_when_all_are_and_closed_when_none_is() -> None:
    breakers, heard = hosts(1.0)
    fail(breakers, HOSTS, 100.0)
    for name in HOSTS:
        guard = breakers.of(name)
        guard.settle(guard.enter(105.0), Outcome.SUCCESS, 105.0)
    assert [event.new for event in heard] == ["half-open", "open", "half-open", "closed"]
    assert refused(breakers, 105.0) == []


def test_what_a_spared_host_answers_counts_for_nothing() -> None:
    breakers, _ = hosts(0.1)
    fail(breakers, HOSTS[:2], 100.0)
    spared = breakers.of(HOSTS[1])
    spared.settle(spared.enter(101.0), Outcome.SUCCESS, 101.0)
    assert spared.core.state.value == "open"
    spared.settle(spared.enter(105.0), Outcome.SUCCESS, 105.0)  # its trial
    assert spared.core.state.value == "closed"


def test_the_number_of_hosts_is_bounded() -> None:
    breakers, _ = hosts(0.1)
    fail(breakers, HOSTS[:1], 100.0)
    for number in range(2000):
        breakers.of(f"user-{number}")
    assert len(breakers._guards) == 1000
    assert refused(breakers, 101.0) == HOSTS[:1]  # what is left alone is not forgotten


def test_what_becomes_of_a_forgotten_host_is_not_heard() -> None:
    breakers, heard = hosts(1.0)
    forgotten = breakers.of(HOSTS[0])
    for number in range(1000):
        breakers.of(f"user-{number}")
    for _ in range(2):
        forgotten.settle(forgotten.enter(100.0), Outcome.FAILURE, 100.0)
    assert heard == []
    assert refused(breakers, 101.0) == []
