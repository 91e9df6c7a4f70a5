from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from holdfast.errors import DeadlineExceeded
from holdfast.policy.cache.flight import Flight, Flights
from tests.policy.cache.made import Work, turns

pytestmark = pytest.mark.anyio


def joined(flights: Flights, work: Work, *, lent: bool) -> asyncio.Task[tuple[Any, bool]]:
    async def compute(flight: Flight) -> Any:
        return await work()

    return asyncio.ensure_future(flights.join("k", compute, lent=lent))


@pytest.mark.parametrize("lent", [False, True])
async def test_a_thousand_compute_once(lent: bool) -> None:
    flights, work = Flights(), Work(7, held=True)
    callers = [joined(flights, work, lent=lent) for _ in range(1000)]
    await turns()
    work.go.set()
    answers = await asyncio.gather(*callers)
    assert work.begun == 1
    assert {value for value, _ in answers} == {7}
    assert sum(led for _, led in answers) == 1
    assert not len(flights)


async def test_who_leaves_does_not_stop_what_is_nobodys() -> None:
    flights, work = Flights(), Work(7, held=True)
    callers = [joined(flights, work, lent=False) for _ in range(10)]
    await turns()
    for caller in callers[:9]:
        caller.cancel()
    await turns()
    work.go.set()
    assert (await callers[9])[0] == 7
    assert (work.begun, work.ended) == (1, 1)


async def test_what_was_lent_ends_with_its_leader_and_one_other_leads() -> None:
    flights, work = Flights(), Work(7, held=True)
    callers = [joined(flights, work, lent=True) for _ in range(1000)]
    await turns()
    callers[0].cancel()
    await turns()
    assert work.begun == 2
    work.go.set()
    answers = await asyncio.gather(*callers[1:])
    assert (work.begun, work.ended) == (2, 1)
    assert {value for value, _ in answers} == {7}
    assert callers[0].cancelled()


@pytest.mark.parametrize("lent", [False, True])
async def test_an_error_is_everybodys(lent: bool) -> None:
    flights, work = Flights(), Work(ValueError("no"), held=True)
    callers = [joined(flights, work, lent=lent) for _ in range(5)]
    await turns()
    work.go.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["no"] * 5
    assert work.begun == 1
    assert not len(flights)


async def test_the_leaders_deadline_is_not_the_others() -> None:
    flights, late, work = Flights(), Work(DeadlineExceeded(), held=True), Work(7)
    first = joined(flights, late, lent=True)
    await turns()
    second = joined(flights, work, lent=True)
    await turns()
    late.go.set()
    with pytest.raises(DeadlineExceeded):
        await first
    assert (await second) == (7, True)


async def test_after_an_invalidation_nobody_joins_what_was_begun_before() -> None:
    flights, old, new = Flights(), Work("old", held=True), Work("new")
    first = joined(flights, old, lent=False)
    await turns()
    flights.void("k")
    assert (await joined(flights, new, lent=False))[0] == "new"
    old.go.set()
    assert (await first)[0] == "old"


async def test_a_flight_that_a_tag_put_aside_still_hears_of_its_key() -> None:
    flights, seen = Flights(), []
    go = asyncio.Event()

    async def compute(flight: Flight) -> int:
        await go.wait()
        seen.append((flight.void, flight.untagged))
        return 1

    flights.launch("k", compute)
    await turns()
    flights.void_tag("a")
    flights.void_tag("b")
    flights.void("k")
    go.set()
    await turns()
    assert seen == [(True, {"a", "b"})]


@pytest.mark.parametrize("seed", range(20))
async def test_whoever_is_cancelled_nobody_else_fails(seed: int) -> None:
    chance, flights = random.Random(seed), Flights()
    running = 0
    most = 0
    begun = 0

    async def compute(flight: Flight) -> int:
        nonlocal running, most, begun
        begun += 1
        running += 1
        most = max(most, running)
        try:
            for _ in range(chance.randrange(8)):
                await asyncio.sleep(0)
            return 7
        finally:
            running -= 1

    async def caller(lent: bool) -> None:
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        assert (await flights.join("k", compute, lent=lent))[0] == 7

    lent = bool(seed % 2)
    callers = [asyncio.ensure_future(caller(lent)) for _ in range(60)]
    left = set()
    for _ in range(25):
        await asyncio.sleep(0)
        victim = chance.choice(callers)
        if victim.cancel():
            left.add(victim)
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    for task, outcome in zip(callers, outcomes, strict=True):
        assert outcome is None or (task in left and isinstance(outcome, asyncio.CancelledError))
    await flights.aclose()
    assert most == 1
    assert running == 0
    assert not len(flights)
