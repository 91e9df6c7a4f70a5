from __future__ import annotations

import dataclasses
import random

import pytest

from holdfast.policy.mode import Mode
from holdfast.serve.supervisor.actions import (
    BootFailure,
    Finish,
    KillAll,
    KillWorker,
    Observation,
    Overdue,
    Serving,
    SpareWorker,
    Terminate,
    Unready,
    WorkerSeen,
)
from holdfast.serve.supervisor.core import ABORT_GRACE, Limits, Supervision
from holdfast.serve.supervisor.steps import STEPS, Event, Phase

LIMITS = Limits(boot=30.0, kill=5.0, announce=3.0, grace=10.0)


def worker(now: float, *, pid: int = 7, state: str = "serving", silent: float = 0.0) -> WorkerSeen:
    return WorkerSeen(pid, state, now - silent, 0.0)


def serves(now: float, silent: float = 0.0) -> Observation:
    return Observation((worker(now, silent=silent),))


NOBODY = Observation(())


def walk(machine: Supervision, start: float, end: float, seen: Observation | None = None) -> None:
    """Look ten times a second; the worker beats all the while."""
    for tick in range(round(start * 10) + 1, round(end * 10) + 1):
        machine.decide(tick / 10, seen or serves(tick / 10))


def serving(at: float = 1.0, limits: Limits = LIMITS) -> Supervision:
    machine = Supervision(limits, 0.0)
    walk(machine, 0.0, at - 0.1, NOBODY)
    assert machine.decide(at, serves(at)) == [Serving()]
    return machine


def test_it_serves_when_the_first_worker_does() -> None:
    machine = Supervision(LIMITS, 0.0)
    assert machine.decide(0.1, Observation((worker(0.1, state="booting"),))) == []
    assert machine.phase is Phase.BOOTING
    assert machine.decide(0.2, serves(0.2)) == [Serving()]
    assert machine.phase.public == "serving"


def test_a_boot_past_its_deadline_fails() -> None:
    machine = Supervision(LIMITS, 0.0)
    walk(machine, 0.0, 29.9, NOBODY)
    assert machine.next_wakeup() == 30.0
    assert machine.decide(30.0, NOBODY) == [Unready(), Terminate()]
    assert machine.decide(30.5, NOBODY) == []
    assert machine.decide(30.0 + ABORT_GRACE, NOBODY) == [KillAll()]
    assert machine.decide(33.0, Observation((), -9)) == [Finish(4, BootFailure.DEADLINE)]


def test_a_server_that_ends_while_booting_fails() -> None:
    machine = Supervision(LIMITS, 0.0)
    assert machine.decide(0.5, Observation((), 3)) == [Finish(4, BootFailure.EXITED)]


def test_a_server_that_ends_by_itself_while_serving_is_not_a_clean_end() -> None:
    machine = serving()
    assert machine.decide(1.1, Observation((), 0)) == [Finish(1)]


def test_sigterm_announces_then_terminates_then_ends_with_zero() -> None:
    machine = serving()
    machine.signalled(interrupt=False)
    assert not machine.ready(1.0, serves(1.0))  # at once, not with the next look
    assert machine.decide(1.1, serves(1.1)) == [Unready()]
    assert machine.phase.public == "draining"
    walk(machine, 1.1, 4.0)
    assert machine.phase is Phase.ANNOUNCING
    assert machine.decide(4.1, serves(4.1)) == [Unready(), Terminate()]
    assert machine.decide(5.0, Observation((), 0)) == [Finish(0)]


def test_a_second_signal_skips_the_announcement() -> None:
    machine = serving()
    machine.signalled(interrupt=False)
    machine.decide(1.1, serves(1.1))
    machine.signalled(interrupt=False)
    assert machine.decide(1.2, serves(1.2)) == [Unready(), Terminate()]
    assert machine.decide(1.3, Observation((), 0)) == [Finish(0)]


def test_an_interrupt_skips_the_announcement_and_ends_with_130() -> None:
    machine = serving()
    machine.signalled(interrupt=True)
    assert machine.decide(1.1, serves(1.1)) == [Unready(), Terminate()]
    assert machine.decide(1.2, Observation((), 0)) == [Finish(130)]


def test_another_interrupt_kills() -> None:
    machine = serving()
    machine.signalled(interrupt=True)
    machine.decide(1.1, serves(1.1))
    machine.signalled(interrupt=True)
    assert machine.decide(1.2, serves(1.2)) == [KillAll()]
    assert machine.decide(1.3, Observation((), -9)) == [Finish(130)]


def test_grace_that_is_over_ends_in_sigkill() -> None:
    machine = serving()
    machine.signalled(interrupt=True)
    machine.decide(1.1, serves(1.1))
    walk(machine, 1.1, 11.0)
    assert machine.decide(11.1, serves(11.1)) == [KillAll()]


@pytest.mark.parametrize(("interrupt", "code"), [(False, 0), (True, 130)])
def test_a_signal_while_booting_is_no_boot_failure(interrupt: bool, code: int) -> None:
    machine = Supervision(LIMITS, 0.0)
    machine.signalled(interrupt=interrupt)
    assert machine.decide(0.1, NOBODY) == [Unready(), Terminate()]
    assert machine.next_wakeup() == pytest.approx(0.1 + ABORT_GRACE)
    assert machine.decide(0.2, Observation((), -15)) == [Finish(code)]


def test_a_silent_worker_is_killed_once() -> None:
    machine = serving()
    walk(machine, 1.0, 9.0)
    stuck = worker(9.0, silent=5.5)
    others = worker(9.1, pid=8)
    assert machine.decide(9.1, Observation((stuck, others))) == [KillWorker(stuck, pytest.approx(5.6))]
    assert machine.decide(9.2, Observation((stuck, others))) == []


def test_where_it_only_observes_a_silent_worker_is_told_of_each_time_and_left_alone() -> None:
    machine = serving(limits=dataclasses.replace(LIMITS, mode=Mode.OBSERVE))
    walk(machine, 1.0, 9.0)
    stuck = worker(9.0, silent=5.5)
    assert machine.decide(9.1, Observation((stuck,))) == [SpareWorker(stuck, pytest.approx(5.6))]
    assert machine.decide(9.2, Observation((stuck,))) == []
    walk(machine, 9.3, 20.0)
    again = worker(20.0, silent=5.5)
    assert machine.decide(20.1, Observation((again,))) == [SpareWorker(again, pytest.approx(5.6))]
    unborn = worker(60.0, pid=8, state="booting")
    walk(machine, 20.2, 60.0)
    (killed,) = machine.decide(60.1, Observation((worker(60.1), unborn)))
    assert isinstance(killed, KillWorker), "who never serves is nobody's to observe"


def test_where_it_is_off_nobody_looks() -> None:
    machine = serving(limits=dataclasses.replace(LIMITS, mode=Mode.OFF))
    walk(machine, 1.0, 9.0)
    assert machine.decide(9.1, serves(9.1, silent=8.0)) == []


def test_the_successor_with_the_same_pid_can_be_killed_too() -> None:
    machine = serving()
    walk(machine, 1.0, 20.0)
    first = WorkerSeen(7, "serving", 10.0, 1.0)
    second = WorkerSeen(7, "serving", 14.0, 11.0)
    assert len(machine.decide(20.1, Observation((first,)))) == 1
    assert len(machine.decide(20.2, Observation((second,)))) == 1


def test_a_booting_worker_is_left_alone() -> None:
    machine = serving()
    walk(machine, 1.0, 9.0)
    assert machine.decide(9.1, Observation((worker(9.1, state="booting", silent=8.0),))) == []


def test_nobody_is_killed_while_stopping() -> None:
    machine = serving()
    walk(machine, 1.0, 9.0)
    machine.signalled(interrupt=True)
    machine.decide(9.1, serves(9.1))
    assert machine.decide(9.2, serves(9.2, silent=8.0)) == []


def test_after_a_suspension_workers_have_their_whole_limit_again() -> None:
    machine = serving()
    walk(machine, 1.0, 2.0)
    assert machine.decide(3602.0, serves(2.0)) == []  # an hour later, nobody has beaten since
    frozen = Observation((WorkerSeen(7, "serving", 2.0, 0.0),))
    walk(machine, 3602.0, 3607.0, frozen)
    assert machine.alive(3607.0, frozen)
    assert len(machine.decide(3607.1, frozen)) == 1


def test_a_suspension_does_not_count_against_the_boot() -> None:
    machine = Supervision(LIMITS, 0.0)
    machine.decide(0.1, NOBODY)
    assert machine.decide(100.0, NOBODY) == []
    assert machine.next_wakeup() == pytest.approx(129.9)


def test_ready_needs_one_fresh_worker() -> None:
    machine = serving()
    walk(machine, 1.0, 9.0)
    silent, fresh = worker(9.0, pid=1, silent=7.0), worker(9.0, pid=2, silent=0.2)
    assert machine.ready(9.0, Observation((silent, fresh)))
    assert not machine.ready(9.0, Observation((silent,)))
    assert not machine.ready(9.0, Observation((worker(9.0, state="booting"),)))
    assert not machine.ready(9.0, NOBODY)


def test_alive_unless_every_worker_is_past_the_limit() -> None:
    machine = serving()
    walk(machine, 1.0, 9.0)
    silent, fresh = worker(9.0, pid=1, silent=7.0), worker(9.0, pid=2)
    assert machine.alive(9.0, Observation((silent, fresh)))
    assert not machine.alive(9.0, Observation((silent,)))
    assert machine.alive(9.0, NOBODY)  # the server starts another one


def test_every_phase_but_the_last_can_meet_the_servers_end() -> None:
    for phase in set(Phase) - {Phase.STOPPED}:
        assert STEPS[phase, Event.EXITED] is Phase.STOPPED
    assert not [event for phase, event in STEPS if phase is Phase.STOPPED]


def test_whatever_happens_it_ends_once_and_never_kills_before_asking() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        machine = Supervision(LIMITS, 0.0)
        now, actions = 0.0, []
        for _ in range(chance.randrange(1, 600)):
            now += chance.choice((0.1, 0.1, 0.1, 0.5, 2.0))
            if chance.random() < 0.02:
                machine.signalled(interrupt=chance.random() < 0.5)
            seen = serves(now, silent=chance.choice((0.0, 0.0, 20.0))) if chance.random() < 0.9 else NOBODY
            actions += machine.decide(now, seen)
        machine.signalled(interrupt=True)
        actions += machine.decide(now + 0.1, NOBODY)
        actions += machine.decide(now + 0.2, Observation((), 0))
        actions += machine.decide(now + 0.3, Observation((), 0))
        kinds = [type(action) for action in actions]
        assert kinds.count(Finish) == 1
        assert kinds[-1] is Finish
        assert kinds.count(Terminate) == 1
        assert KillAll not in kinds or kinds.index(Terminate) < kinds.index(KillAll)


def test_a_replacement_that_never_serves_is_killed() -> None:
    machine = serving()
    booting = WorkerSeen(8, "booting", 1.0, 1.0)
    actions: list[object] = []
    for tenth in range(10, 400):
        now = tenth / 10
        actions += machine.decide(now, Observation((worker(now), booting)))
    (killed,) = actions
    assert isinstance(killed, KillWorker)
    assert (killed.worker.pid, killed.overdue) == (8, Overdue.BOOT)
    assert killed.age > LIMITS.boot


def test_one_that_never_leaves_is_killed() -> None:
    machine = Supervision(dataclasses.replace(LIMITS, leave=6.0), 0.0)
    machine.decide(0.1, Observation((worker(0.1),)))
    actions: list[object] = []
    for tenth in range(2, 120):
        now = tenth / 10
        actions += machine.decide(now, Observation((worker(now), worker(now, pid=9, state="draining"))))
    (killed,) = actions
    assert isinstance(killed, KillWorker)
    assert (killed.worker.pid, killed.overdue) == (9, Overdue.LEAVE)
    assert 6.0 < killed.age < 6.2


def test_one_with_a_symptom_does_not_make_ready() -> None:
    machine = serving()
    well = worker(1.0)
    ill = dataclasses.replace(well, pid=2, causes=("saturation",))
    assert machine.ready(1.0, Observation((ill, well)))
    assert not machine.ready(1.0, Observation((ill,)))
