"""Readiness in virtual time: it leaves and enters when it should, and never flaps."""

from __future__ import annotations

import random
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from holdfast.budget.model import Budget
from holdfast.service.health.config import HealthConfig
from holdfast.service.health.core import PAUSE, Readiness, Vital

TICK = 0.1
CONFIG = HealthConfig(saturation=5.0, lag=1.0, dependencies={"db": 10.0}, after=5.0, recover=5.0, least=10.0)


def drive(config: HealthConfig, seconds: float, vital: Callable[[float], Vital]) -> list[tuple[float, bool]]:
    """Return when readiness changed, and to what."""
    machine, now = Readiness(config, 0.0), 0.0
    changes: list[tuple[float, bool]] = []
    for step in range(1, int(seconds / TICK)):
        now = step * TICK
        before = machine.ready
        assert machine.update(now, vital(now)) is machine.ready
        assert bool(machine.causes) is not machine.ready
        if machine.ready is not before:
            changes.append((now, machine.ready))
    return changes


def near(changes: list[tuple[float, bool]], *expected: tuple[float, bool]) -> bool:
    return len(changes) == len(expected) and all(
        ready is wanted and abs(at - when) < 0.5
        for (at, ready), (when, wanted) in zip(changes, expected, strict=True)
    )


def refusing(*spans: tuple[float, float]) -> Callable[[float], Vital]:
    count = 0

    def vital(now: float) -> Vital:
        nonlocal count
        count += any(start <= now < end for start, end in spans)
        return Vital(refused=count)

    return vital


def test_a_door_that_refuses_for_long_makes_unready_and_one_that_stopped_ready() -> None:
    assert near(drive(CONFIG, 60, refusing((20, 32))), (25, False), (32 + PAUSE + 5, True))
    assert drive(CONFIG, 60, refusing((20, 24), (27, 31))) == []


def test_a_pause_shorter_than_a_second_is_none() -> None:
    assert near(drive(CONFIG, 40, refusing((20, 22), (22.5, 24), (24.6, 27))), (25, False), (35, True))


def test_without_a_decision_nothing_makes_unready() -> None:
    config = HealthConfig.from_budget(Budget())
    assert not config.active
    late = Vital(lag=60.0, breakers={"db": (True, 1)})
    assert drive(config, 60, lambda now: late) == []
    assert drive(config, 60, refusing((0, 60))) == []


def test_lag_between_its_two_thresholds_changes_nothing() -> None:
    def lag(now: float) -> Vital:
        return Vital(lag=1.2 if 20 <= now < 26 else 0.7 if now < 60 else 0.1)

    assert near(drive(CONFIG, 90, lag), (25, False), (65, True))
    assert drive(CONFIG, 90, lambda now: Vital(lag=0.99)) == []


def test_a_dependency_unreadies_only_where_the_budget_names_it() -> None:
    def gone(now: float) -> Vital:
        opened = 20 <= now < 40
        return Vital(breakers={"db": (opened, int(now * 10)), "other": (True, int(now * 10))})

    assert near(drive(CONFIG, 60, gone), (25, False), (45, True))


def test_a_breaker_that_nobody_calls_is_not_believed_for_ever() -> None:
    def silent(now: float) -> Vital:
        # Open for good; calls stop when the instance is unready, as no traffic comes.
        return Vital(breakers={"db": (now >= 20, int(10 * min(now, 25)))})

    changes = drive(CONFIG, 90, silent)
    assert near(changes, (25, False), (25 + 10 + 5, True))


def test_it_says_why() -> None:
    machine = Readiness(CONFIG, 0.0)
    for step in range(1, 300):
        machine.update(step * TICK, Vital(refused=step, lag=9.0, breakers={"db": (True, step)}))
    assert machine.causes == ("saturation", "lag", "db")


@given(st.integers(0, 2**32), st.floats(0.02, 8.0))
def test_it_never_flaps(seed: int, rhythm: float) -> None:
    """Whatever is seen, at whatever rhythm it changes: two changes are `least` apart."""
    chance = random.Random(seed)
    refused = calls = 0
    held, current = 0.0, Vital()
    machine, last = Readiness(CONFIG, 0.0), 0.0
    for step in range(1, 3000):
        now = step * TICK
        if now >= held:
            held = now + chance.random() * 2 * rhythm
            refused += chance.random() < 0.5
            calls += chance.random() < 0.5
            current = Vital(refused, chance.choice((0.0, 0.7, 2.0)), {"db": (chance.random() < 0.5, calls)})
        before = machine.ready
        machine.update(now, current)
        if machine.ready is not before:
            assert now - last >= CONFIG.least - 1e-9
            last = now
        assert machine.ready is not bool(machine.causes)


@given(st.integers(0, 2**32))
def test_what_is_well_ends_ready(seed: int) -> None:
    chance = random.Random(seed)
    machine, refused = Readiness(CONFIG, 0.0), 0
    for step in range(1, 600):
        refused += chance.random() < 0.5
        machine.update(step * TICK, Vital(refused, 2 * chance.random(), {"db": (True, step)}))
    for step in range(600, 600 + int((CONFIG.least + CONFIG.recover + PAUSE + 1) / TICK)):
        machine.update(step * TICK, Vital(refused, 0.0, {"db": (False, 600)}))
    assert machine.ready
