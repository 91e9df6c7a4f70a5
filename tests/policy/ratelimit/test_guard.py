from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from holdfast.errors import DependencyUnavailable, RateLimited
from holdfast.events import Bus, Event, RateExceeded, RateUnchecked
from holdfast.policy.mode import Mode
from holdfast.policy.observed import PolicyObserved
from holdfast.policy.ratelimit import Ask, RateLimitGuard, Unavailable, Verdict
from holdfast.policy.ratelimit.store import MemoryStore
from holdfast.policy.store import StoreUnavailable
from tests.policy.ratelimit.made import Settable, ask, config, limit

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Gone:
    """A store that never answers."""

    async def take(self, asks: Sequence[Ask]) -> Verdict:
        raise StoreUnavailable("timeout")

    async def aclose(self) -> None:
        pass


def guarding(store: Any = None) -> tuple[RateLimitGuard, list[Event]]:
    bus, seen = Bus(), list[Event]()
    for kind in (RateExceeded, RateUnchecked, PolicyObserved):
        bus.subscribe(kind, seen.append)
    clock = Settable()
    return RateLimitGuard(
        "cache", store or MemoryStore(now=clock), bus=bus, local=MemoryStore(now=clock), now=clock
    ), seen


async def test_enforced_it_raises_with_what_was_exceeded() -> None:
    guard, seen = guarding()
    wanted = config(limit(2, 60, name="short"), limit(100, 3600, name="long"))
    verdict = await guard.take([ask(wanted)])
    assert verdict is not None
    assert [standing.remaining for standing in verdict.standings()] == [1, 99]
    await guard.take([ask(wanted)])
    with pytest.raises(RateLimited, match="more calls than short allows") as refused:
        await guard.take([ask(wanted)])
    assert refused.value.status == 429
    assert (refused.value.limit, refused.value.violated) == ("orders", ("short",))
    assert refused.value.retry_after == pytest.approx(30)
    assert seen == [RateExceeded(1000.0, "orders", ("short",))]


async def test_a_call_that_never_fits_has_no_time_to_come_back() -> None:
    guard, _ = guarding()
    with pytest.raises(RateLimited) as refused:
        await guard.take([ask(config(limit(2)), cost=3)])
    assert refused.value.retry_after is None


async def test_of_several_the_one_that_refused_is_named() -> None:
    guard, _ = guarding()
    wide, tight = config(limit(9, 60, name="w"), name="wide"), config(limit(1, 60, name="t"), name="tight")
    await guard.take([ask(wide), ask(tight)])
    with pytest.raises(RateLimited) as refused:
        await guard.take([ask(wide), ask(tight)])
    assert (refused.value.limit, refused.value.violated) == ("tight", ("t",))


async def test_observing_it_reports_and_charges_the_others_all_the_same() -> None:
    guard, seen = guarding()
    watched = config(limit(1, 60, name="w"), name="watched", mode=Mode.OBSERVE)
    held = config(limit(3, 60, name="h"), name="held")
    for _ in range(3):
        verdict = await guard.take([ask(watched), ask(held)])
        assert verdict is not None
        assert [each.config.name for each in verdict.asks] == ["held"]
    assert seen == [PolicyObserved(1000.0, "ratelimit", "watched", "refuse", "w")] * 2
    assert await guard.take([ask(watched)]) is None
    with pytest.raises(RateLimited):
        await guard.take([ask(watched), ask(held)])


async def test_without_its_store_it_does_what_was_decided() -> None:
    guard, seen = guarding(Gone())
    opened = config(name="a", unavailable=Unavailable.OPEN)
    closed = config(name="b", unavailable=Unavailable.CLOSED)
    assert await guard.take([ask(opened)]) is None
    with pytest.raises(DependencyUnavailable) as refused:
        await guard.take([ask(opened), ask(closed)])  # the stricter one counts
    assert (refused.value.dependency, refused.value.status) == ("cache", 503)
    assert [
        (event.limit, event.decision, event.why) for event in seen if isinstance(event, RateUnchecked)
    ] == [
        ("a", "open", "timeout"),
        ("a", "closed", "timeout"),
        ("b", "closed", "timeout"),
    ]


async def test_without_its_store_each_process_has_its_share() -> None:
    guard, seen = guarding(Gone())
    wanted = config(limit(10, 60), processes=4, unavailable=Unavailable.LOCAL)
    for _ in range(2):
        await guard.take([ask(wanted)])
    with pytest.raises(RateLimited) as refused:
        await guard.take([ask(wanted)])
    assert refused.value.retry_after == pytest.approx(24)  # of 2.5 a minute
    assert [type(event) for event in seen[-2:]] == [RateUnchecked, RateExceeded]


async def test_observing_without_its_store_is_silent() -> None:
    guard, seen = guarding(Gone())
    assert await guard.take([ask(config(mode=Mode.OBSERVE))]) is None
    assert seen == []


@pytest.mark.parametrize("mistake", [{"limits": ()}, {"processes": 0}])
def test_a_configuration_that_is_none(mistake: dict[str, Any]) -> None:
    from holdfast.policy.ratelimit import RateLimitConfig

    with pytest.raises(ValueError, match=r"no limits|processes"):
        RateLimitConfig(**({"name": "x", "limits": (limit(),)} | mistake))
