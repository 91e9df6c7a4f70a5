"""The adaptive limit against the best fixed one, in virtual time, and how soon it is there."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from holdfast.policy.admission import Adaptive, AdmissionConfig, Bounds, Fixed, Gate, Limit
from tests.simulation.model import Pool, Profile, Simulation, Steps

OBJECTIVE = 0.5
GRID = [3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 41, 51, 63, 78, 97, 121, 151, 188, 235]
"""Steps of a quarter at most where they are not of one."""


def gate(limit: Limit, queue: int = 10) -> Gate:
    return Gate(AdmissionConfig(limit.value, queue, late=0.1), limit)


def drive(
    limit: Limit, profile: Callable[[], Profile], rate: Callable[[float], float], until: float
) -> Simulation:
    simulation = Simulation(gate(limit), profile())
    simulation.offer(rate, until)
    return simulation.run(until)


def adaptive(start: int) -> Adaptive:
    return Adaptive(OBJECTIVE, Bounds(start=start))


def pool() -> Profile:
    dice = random.Random(5)
    connections = Pool(10, lambda now: dice.expovariate(1 / 0.03))
    return Profile(cpu=Steps(0.0003), awaited=Steps(0.0), pool=connections)


def varied(dice: random.Random) -> float:
    return dice.expovariate(1.0)


SCENARIOS: dict[str, tuple[Callable[[], Profile], float]] = {
    "by the CPU": (Profile, 465.0),
    "slow to answer": (lambda: Profile(awaited=Steps(0.2)), 465.0),
    "much CPU": (lambda: Profile(cpu=Steps(0.004)), 122.0),
    "much CPU, slow": (lambda: Profile(cpu=Steps(0.004), awaited=Steps(0.2)), 122.0),
    "varied CPU": (lambda: Profile(cpu=Steps(0.004), spread=varied), 122.0),
    "by a pool": (pool, 333.0),
    "both": (lambda: Profile(awaited=Steps(0.05), pool=Pool(10, Steps(0.025))), 400.0),
}
"""Profile and capacity."""


@pytest.mark.parametrize("name", SCENARIOS)
def test_within_five_percent_of_the_best_fixed_limit_after_ten_seconds(name: str) -> None:
    profile, capacity = SCENARIOS[name]
    rate = Steps(capacity * 1.5)
    tried = {limit: drive(Fixed(limit), profile, rate, 5.0).goodput(2, 5, OBJECTIVE) for limit in GRID}
    best = sorted(GRID, key=lambda limit: tried[limit])[-2:]  # the same as long as the adaptive one
    fixed = [drive(Fixed(limit), profile, rate, 18.0).goodput(10, 18, OBJECTIVE) for limit in best]
    for start in (3, 235):
        simulation = drive(adaptive(start), profile, rate, 18.0)
        assert simulation.goodput(10, 18, OBJECTIVE) >= 0.95 * max(fixed)
        assert simulation.percentile(0.99, 10, 18) <= OBJECTIVE


def test_the_right_limit_moves_tenfold_and_is_followed() -> None:
    """Awaited 20, 200, 20 ms; then CPU 1, 4, 1 ms; at four times the capacity."""
    profile = Profile(awaited=Steps(0.02, (10, 0.2), (20, 0.02)), cpu=Steps(0.001, (30, 0.004), (40, 0.001)))
    simulation = drive(adaptive(20), lambda: profile, Steps(1000.0), 50.0)
    for since, best in ((0, 430), (10, 425), (20, 430), (30, 113), (40, 430)):
        assert simulation.goodput(since + 4, since + 10, OBJECTIVE) >= 0.95 * best, since
        assert simulation.percentile(0.99, since, since + 10) <= OBJECTIVE, "from the first second on"


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_oscillation_beyond_a_band(name: str) -> None:
    """Once it is found, goodput of each second stays within a quarter of its mean, in spite of trials."""
    profile, capacity = SCENARIOS[name]
    simulation = drive(adaptive(20), profile, Steps(capacity * 1.5), 30.0)
    seconds = [simulation.goodput(at, at + 1, OBJECTIVE) for at in range(10, 30)]
    mean = sum(seconds) / len(seconds)
    wide = 0.4 if name in ("by a pool", "varied CPU") else 0.25  # those vary by themselves, with any limit
    assert min(seconds) >= (1 - wide) * mean


@pytest.mark.parametrize(("rate", "retries"), [(300, 0), (900, 0), (900, 3)])
def test_a_dependency_stalls_for_thirty_seconds(rate: int, retries: int) -> None:
    """No metastable state: two seconds later all is as before, and the limit was not lost meanwhile."""
    simulation = Simulation(gate(adaptive(20)), Profile(stalls=[(20, 50)]))
    simulation.offer(Steps(rate), 60, retries=retries)
    simulation.run(60)
    before = simulation.goodput(10, 20, OBJECTIVE)
    assert simulation.goodput(22, 50, OBJECTIVE) < 1
    assert min(limit for at, limit in simulation.limits if 20 < at < 50) > 10
    assert simulation.goodput(51, 52, OBJECTIVE) >= 0.9 * before
    assert simulation.goodput(52, 60, OBJECTIVE) >= 0.95 * before


def test_fast_failures_do_not_move_the_limit() -> None:
    profile = Profile(fast_failures=Steps(0.0, (10, 0.95), (30, 0.0)))
    simulation = drive(adaptive(20), lambda: profile, Steps(900.0), 40.0)
    assert all(limit >= 10 for at, limit in simulation.limits if 11 < at < 30)
    assert simulation.goodput(31, 40, OBJECTIVE) >= 0.95 * simulation.goodput(3, 10, OBJECTIVE)


def test_a_spike_is_over_when_it_is_over() -> None:
    rate = Steps(300.0, (10, 9300.0), (14, 300.0))
    simulation = drive(adaptive(20), Profile, rate, 22.0)
    assert simulation.goodput(12, 14, OBJECTIVE) >= 265, "useful also meanwhile"
    assert simulation.goodput(16, 22, OBJECTIVE) >= 0.98 * 300


@pytest.mark.parametrize("rate", [930, 4650])
def test_a_fixed_number_that_is_far_too_high_is_caught_by_the_loops_lag(rate: int) -> None:
    simulation = drive(Fixed(1000), Profile, Steps(rate), 12.0)
    assert simulation.goodput(4, 11, OBJECTIVE) >= 250
    without = Simulation(Gate(AdmissionConfig(1000, 10), Fixed(1000)), Profile())
    without.offer(Steps(rate), 12.0)
    assert without.run(12.0).goodput(4, 11, OBJECTIVE) < 10


def test_a_loop_that_others_hold_is_not_blamed_on_who_is_inside() -> None:
    """A job that takes the loop for 30 of every 50 ms makes it late whatever the limit."""

    class Held(Simulation):
        def run(self, until: float) -> Simulation:
            self._at(0.0, self._hold)
            return super().run(until)

        def _hold(self) -> None:
            self.work(0.03, lambda: None)
            self._at(self.now + 0.05, self._hold)

    def goodput(limit: Limit) -> float:
        simulation = Held(gate(limit), Profile())
        simulation.offer(Steps(930.0), 16.0)
        simulation.run(16.0)
        return simulation.goodput(6, 16, OBJECTIVE)

    assert goodput(adaptive(20)) >= 0.95 * max(goodput(Fixed(limit)) for limit in (6, 12, 24, 46))


def test_half_a_day_of_traffic_with_everything_in_it() -> None:
    """A slow service (20 + 20 ms CPU), so that hours are cheap: day and night, spikes, and a dependency that
    stalls and fails. It keeps what it can serve, and is well again after each."""
    hour = 3600.0
    steps = [(at * hour / 4, 6.0 + (at % 8) * 4.0) for at in range(1, 12)]  # up to 34/s, of 24/s that it can
    rate = Steps(6.0, *steps)
    profile = Profile(
        cpu=Steps(0.02),
        awaited=Steps(0.1, (1.2 * hour, 0.3), (1.4 * hour, 0.1)),
        stalls=[(0.5 * hour, 0.5 * hour + 30)],
        fast_failures=Steps(0.0, (2.0 * hour, 0.5), (2.1 * hour, 0.0)),
    )
    simulation = Simulation(
        Gate(AdmissionConfig(20, 4, late=0.4), adaptive20 := Adaptive(2.0, Bounds())), profile
    )
    simulation.offer(rate, 2.25 * hour)
    simulation.run(2.25 * hour)
    assert adaptive20.value >= 3
    for since in range(0, int(2.25 * hour), 300):
        failing = 0.5 * hour - 300 <= since <= 0.5 * hour + 60 or 2.0 * hour - 300 <= since <= 2.1 * hour
        offered = min(rate(since), rate(since + 299))
        if not failing:
            assert simulation.goodput(since, since + 300, 2.0) >= 0.9 * min(offered, 24.0) - 1, since
