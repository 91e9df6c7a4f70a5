"""What the gate plans to do, from budgets alone."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.budget import Budget
from holdfast.gate.fault.kinds import Slow
from holdfast.gate.measure.recovery import WINDOW
from holdfast.gate.scenario import FAULTS, OVERLOAD, PlannedPhase, derive, scale
from holdfast.gate.scenario.steady import LEAST, MOST, seconds
from holdfast.gate.verdict.binomial import needed


def budget(**sections: Any) -> Budget:
    return Budget.model_validate(sections)


def dependencies(**timeouts: str | None) -> dict[str, Any]:
    return {
        name: {"kind": "http", **({"timeout": {"total": total}} if total else {})}
        for name, total in timeouts.items()
    }


def test_without_dependencies_there_is_steady_load_and_overload() -> None:
    planned = derive(budget(), 100.0, [])
    assert [(p.name, p.kind) for p in planned] == [
        ("warm-up", "warmup"),
        ("steady", "steady"),
        ("overload", "overload"),
        ("after overload", "recovery"),
    ]
    assert [p.rate for p in planned] == [50.0, 100.0, 100.0 * OVERLOAD, 100.0]


def test_every_dependency_fails_in_each_way_alone() -> None:
    planned = derive(budget(dependency=dependencies(a=None, b=None)), 100.0, ["a", "b"])
    broken = [p.name for p in planned if p.kind == "fault"]
    assert broken == [f"{name} {fault}" for name in "ab" for fault in FAULTS]
    assert all(p.fault is not None and p.name == f"{p.dependency} {p.fault.kind}" for p in planned if p.fault)
    assert all((p.fault is not None) == (p.kind == "fault") == bool(p.dependency) for p in planned)


def test_only_what_is_asked_for_is_done() -> None:
    planned = derive(budget(dependency=dependencies(a=None)), 100.0, ["a"], ("flap", "slow"))
    assert [p.name for p in planned if p.kind == "fault"] == ["a slow", "a flap"]


def test_a_protocol_that_is_not_understood_gives_no_errors() -> None:
    planned = derive(budget(dependency={"a": {"kind": "other"}}), 100.0, ["a"])
    assert [p.name for p in planned if p.kind == "fault"] == [f"a {f}" for f in FAULTS if f != "error"]


def test_what_has_no_proxy_is_not_broken() -> None:
    planned = derive(budget(dependency=dependencies(a=None, b=None)), 100.0, ["b"])
    assert {p.dependency for p in planned if p.kind == "fault"} == {"b"}


@given(st.integers(0, 4), st.floats(1, 10_000), st.sampled_from(["500ms", "2s", "30s", None]))
def test_every_disturbance_is_followed_by_the_steady_load(
    count: int, rate: float, recovery: str | None
) -> None:
    names = [f"d{n}" for n in range(count)]
    given_ = budget(
        dependency=dependencies(**dict.fromkeys(names)),
        objective={"recovery": recovery} if recovery else {},
    )
    planned = derive(given_, rate, names)
    assert planned[0].kind == "warmup"
    assert [p.kind for p in planned].count("steady") == 1
    assert all(p.seconds > 0 and p.rate > 0 for p in planned)
    assert len({p.name for p in planned}) == len(planned), "a phase is known by its name"
    for before, after in pairwise(planned):
        if before.kind in ("fault", "overload"):
            assert after == PlannedPhase(f"after {before.name}", "recovery", after.seconds, rate)
    assert planned[-1].kind == "recovery"


@pytest.mark.parametrize(
    ("promised", "watched"), [(None, 6.0), ("1s", 6.0), ("3s", 6.0), ("10s", 13.0), ("500ms", 6.0)]
)
def test_recovery_is_watched_for_longer_than_promised(promised: str | None, watched: float) -> None:
    given_ = budget(objective={"recovery": promised} if promised else {})
    planned = derive(given_, 100.0, [])
    assert planned[-1].seconds == watched
    assert planned[-1].seconds >= (given_.objective.recovery or 0.0) + WINDOW


@pytest.mark.parametrize(("timeout", "delay"), [(None, 5.0), ("100ms", 2.0), ("400ms", 2.0), ("3s", 15.0)])
def test_slow_is_slower_than_anyone_waits(timeout: str | None, delay: float) -> None:
    planned = derive(budget(dependency=dependencies(a=timeout)), 100.0, ["a"])
    (slow,) = [p.fault for p in planned if isinstance(p.fault, Slow)]
    assert slow.delay == pytest.approx(delay)


def test_the_steady_phase_shows_a_p99_at_least() -> None:
    assert seconds(budget(), 100.0) == LEAST
    assert seconds(budget(), 50.0) == 22.0  # 1,100 requests
    assert seconds(budget(), 1.0) == MOST


OBJECTIVES = st.fixed_dictionaries(
    {},
    optional={
        "availability": st.sampled_from(["90%", "99%", "99.9%"]),
        "errors": st.sampled_from(["1%", "0.1%", "10%"]),
        "p50": st.just("100ms"),
        "p99": st.just("300ms"),
        "p999": st.just("1s"),
    },
)


@given(OBJECTIVES, st.floats(1, 5000))
def test_the_steady_phase_is_long_enough_for_every_objective(given_: dict[str, str], rate: float) -> None:
    made = budget(objective=given_)
    lasts = seconds(made, rate)
    assert LEAST <= lasts <= MOST
    if lasts < MOST:
        allowed = {"p50": 0.5, "p99": 0.01, "p999": 0.001}
        shares = [share for name, share in allowed.items() if name in given_]
        if made.objective.availability is not None:
            shares.append(1 - made.objective.availability)
        if made.objective.errors is not None:
            shares.append(made.objective.errors)
        assert all(lasts * rate >= needed(share) for share in shares)


@given(OBJECTIVES, st.floats(1, 5000), st.floats(1, 5000))
def test_more_load_never_takes_longer(given_: dict[str, str], one: float, other: float) -> None:
    low, high = sorted((one, other))
    made = budget(objective=given_)
    assert seconds(made, high) <= seconds(made, low)


def test_a_rare_route_with_a_promise_takes_longer() -> None:
    # 628 requests decide a p99 with two late ones among them, at 10 a second
    made = budget(
        objective={"route": {"POST /orders/{id}": {"p99": "1s"}}},
        traffic={
            "request": [{"send": "GET /", "weight": 9}, {"send": "POST /orders/{1..9}?x=1", "weight": 1}]
        },
    )
    assert seconds(made, 100.0) == math.ceil(628 / 10)


def test_a_promise_for_a_route_that_nobody_calls_takes_no_time() -> None:
    made = budget(objective={"route": {"GET /x": {"p99": "1s"}}}, traffic={"request": [{"send": "GET /"}]})
    assert seconds(made, 100.0) == LEAST


@pytest.mark.parametrize(
    ("replicas", "driven", "share"), [(1, 90.0, "100%"), (2, 45.0, "50%"), (3, 30.0, "33%")]
)
def test_one_replica_carries_its_share_of_the_peak(replicas: int, driven: float, share: str) -> None:
    made = budget(service={"replicas": {"min": 1, "max": replicas}}, traffic={"peak": "90/s"})
    found = scale(made, workers=2, cores=1.0)
    assert (found.workers, found.replicas, found.cores) == (2, 1, 1.0)
    assert (found.peak, found.driven, found.share) == (90.0, driven, driven / 90.0)
    assert found.statement == (
        f"one replica with 2 workers on 1 of this machine's cores, at {driven:g} requests/s: "
        f"{share} of the peak of 90/s"
    )
    assert "1 worker on" in scale(made, workers=1, cores=1.0).statement


def test_a_core_that_the_driver_shares_is_named() -> None:
    found = scale(budget(traffic={"peak": "90/s"}), workers=1, cores=1.0, shared=True)
    assert "on 1 of this machine's cores, shared with the driver, at 90 requests/s" in found.statement


def test_nothing_can_be_scaled_without_a_peak() -> None:
    with pytest.raises(ValueError, match="no peak"):
        scale(budget(), workers=1, cores=1.0)
