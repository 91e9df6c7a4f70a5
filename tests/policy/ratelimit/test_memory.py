from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.ratelimit import Limit
from holdfast.policy.ratelimit.core import State, charged, lacking, look, strayed
from holdfast.policy.ratelimit.store import MemoryStore
from tests.policy.ratelimit.made import Settable, ask, config, histories, limit, limits


def test_callers_are_apart_and_so_are_limits_of_other_names() -> None:
    store = MemoryStore(now=Settable())
    one = config(limit(1, 60))
    assert store.decide([ask(one)]).admitted
    assert not store.decide([ask(one)]).admitted
    assert store.decide([ask(one, key="bob")]).admitted
    assert store.decide([ask(config(limit(1, 60), name="other"))]).admitted


def test_asked_together_all_or_none_are_charged() -> None:
    store = MemoryStore(now=Settable())
    wide, tight = config(limit(10, 60), name="wide"), config(limit(1, 60), name="tight")
    both = [ask(wide), ask(tight)]
    assert store.decide(both).admitted
    for _ in range(5):
        refused = store.decide(both)
        assert not refused.admitted
        assert [standing.exceeded for standing in refused.standings()] == [False, True]
    assert store.decide([ask(wide, cost=9)]).admitted
    assert not store.decide([ask(wide)]).admitted


def test_a_cost_above_the_burst_never_passes_and_costs_nothing() -> None:
    store = MemoryStore(now=Settable())
    assert store.decide([ask(config(limit(5)), cost=6)]).wait == float("inf")
    assert store.decide([ask(config(limit(5)), cost=5)]).admitted


@given(
    st.lists(limits(), min_size=1, max_size=3),
    histories(50),
)
def test_it_is_the_core_for_each_caller(chosen: list[Limit], history: list[tuple[float, float, str]]) -> None:
    """Also on the short way that one limit takes."""
    clock, states = Settable(), dict[str, State | None]()
    store, wanted = MemoryStore(now=clock), config(*chosen)
    for pause, cost, caller in history:
        clock.now += pause
        state = states.get(caller)
        levels = look(chosen, state, clock.now)
        wait = lacking(chosen, levels, cost)
        if wait == 0.0:
            states[caller] = charged(levels, cost, clock.now)
            levels = list(states[caller] or ())[1:]
        elif strayed(chosen, state, clock.now):
            states[caller] = (clock.now, *levels)
        verdict = store.decide([ask(wanted, caller, cost)])
        assert verdict.wait == wait
        assert list(verdict.levels[0]) == levels


def test_who_has_all_of_his_quota_again_is_dropped() -> None:
    clock = Settable()
    store, wanted = MemoryStore(now=clock), config(limit(10, 1))
    for number in range(1000):
        clock.now += 0.05
        store.decide([ask(wanted, str(number))])
    assert len(store) <= 4


def test_a_flood_of_callers_is_bounded_and_forgets_the_oldest() -> None:
    store, wanted = MemoryStore(keys=100, now=Settable()), config(limit(1, 3600))
    for number in range(1000):
        assert store.decide([ask(wanted, str(number))]).admitted
    assert len(store) == 100
    assert not store.decide([ask(wanted, "999")]).admitted
    assert store.decide([ask(wanted, "0")]).admitted  # forgotten, so it starts afresh


def test_who_calls_again_is_not_the_oldest() -> None:
    store, wanted = MemoryStore(keys=3, now=Settable()), config(limit(2, 3600))
    for caller in "abca":
        store.decide([ask(wanted, caller)])
    store.decide([ask(wanted, "d")])  # b goes
    assert not store.decide([ask(wanted, "a")]).admitted
    assert store.decide([ask(wanted, "b", cost=2)]).admitted


def test_two_limits_keep_the_caller_until_the_slower_is_full() -> None:
    clock = Settable()
    store, wanted = MemoryStore(now=clock), config(limit(10, 1, name="fast"), limit(2, 60, name="slow"))
    assert store.decide([ask(wanted, cost=2)]).admitted
    clock.now += 5
    for number in range(10):
        store.decide([ask(wanted, str(number))])
    assert not store.decide([ask(wanted)]).admitted
