"""A roll against a model of the master, in virtual time: never fewer workers than usual, never two more."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from holdfast.serve.supervisor.actions import Fewer, More, Observation, Rolled, WorkerSeen
from holdfast.serve.supervisor.rolling import Rolling, RollingPhase


@dataclass
class Master:
    """Starts and ends workers as Gunicorn does; booting and leaving take a while, and boots may fail."""

    chance: random.Random
    failing: float = 0.0
    want: int = 2
    now: float = 0.0
    pid: int = 0
    workers: dict[int, list[float]] = field(default_factory=dict)  # serves at, leaves at, born
    booted: dict[int, float] = field(default_factory=dict)

    def seen(self) -> Observation:
        return Observation(
            tuple(
                WorkerSeen(pid, self.state(pid), self.now, born) for pid, (_, _, born) in self.workers.items()
            )
        )

    def state(self, pid: int) -> str:
        serves, leaves, _ = self.workers[pid]
        if leaves < float("inf"):
            return "draining"
        return "serving" if self.now >= serves else "booting"

    def tick(self) -> None:
        self.now += 0.1
        for pid in list(self.workers):
            serves, leaves, _ = self.workers[pid]
            failed = serves > self.now and self.chance.random() < self.failing
            if self.now >= leaves or failed:
                del self.workers[pid]
        staying = [pid for pid in self.workers if self.state(pid) != "draining"]
        for _ in range(self.want - len(staying)):
            self.pid += 1
            self.workers[self.pid] = [self.now + 0.2 + self.chance.random(), float("inf"), self.now]
        for pid in staying[: max(0, len(staying) - self.want)]:
            self.workers[pid][1] = self.now + 0.1 + 2 * self.chance.random()

    def serving(self) -> int:
        return sum(self.state(pid) == "serving" for pid in self.workers)


def settled(master: Master) -> None:
    while master.serving() < master.want:
        master.tick()


def run(master: Master, rolling: Rolling, patience: float = 300.0) -> int:
    """Roll until idle; returns how many were replaced."""
    until = master.now + patience
    while master.now < until:
        for action in rolling.decide(master.now, master.seen()):
            match action:
                case More():
                    master.want += 1
                case Fewer():
                    master.want -= 1
                case Rolled(count):
                    return count
        master.tick()
        assert master.want in (2, 3)
        assert master.serving() >= 2, "the new one comes first"
        assert len(master.workers) <= 3 + 1, "and with it at most one that leaves"
    raise AssertionError("it never ended")


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.0, 0.05, 0.3]))
def test_all_are_replaced_and_the_service_never_has_fewer(seed: int, failing: float) -> None:
    master, rolling = Master(random.Random(seed)), Rolling()
    settled(master)
    master.failing = failing
    old = set(master.workers)
    rolling.ask(master.seen())
    assert run(master, rolling) == 2
    assert not old & set(master.workers)
    assert rolling.phase is RollingPhase.IDLE
    assert list(rolling.decide(master.now, master.seen())) == []


def test_one_that_is_due_is_replaced() -> None:
    master, rolling = Master(random.Random(1)), Rolling()
    settled(master)
    oldest = min(master.workers)
    rolling.due({oldest}, master.seen())
    assert run(master, rolling) == 1
    assert oldest not in master.workers


def test_one_that_is_due_and_not_the_oldest_takes_the_older_ones_along() -> None:
    master, rolling = Master(random.Random(1)), Rolling()
    settled(master)
    due = max(master.workers)
    rolling.due({due}, master.seen())
    assert run(master, rolling) == 2
    assert due not in master.workers


def test_asked_again_meanwhile_it_replaces_the_new_ones_too() -> None:
    master, rolling = Master(random.Random(3)), Rolling()
    settled(master)
    rolling.ask(master.seen())
    list(rolling.decide(master.now, master.seen()))
    master.want = 3
    for _ in range(30):
        master.tick()
    rolling.ask(master.seen())  # the first replacement is there by now, and may run old code as well
    assert run(master, rolling) == 3


def test_nobody_asked_and_nothing_happens() -> None:
    master, rolling = Master(random.Random(4)), Rolling()
    settled(master)
    rolling.due({99}, master.seen())
    assert list(rolling.decide(master.now, master.seen())) == []
