from __future__ import annotations

from holdfast.gate.conduct.unreachable import Unreachable
from holdfast.gate.fault.kinds import Refuse, Reset, flap
from holdfast.gate.scenario import PlannedPhase


def phase(dependency: str = "", fault: Refuse | Reset | None = None) -> PlannedPhase:
    return PlannedPhase("p", "fault" if fault else "steady", 1.0, 10.0, dependency, fault)


def test_counts_from_the_look_before_to_the_look_after() -> None:
    seen = Unreachable()
    seen.enter(phase())
    seen.look({"a": 10, "b": 5})
    seen.enter(phase("a", Refuse()))
    seen.look({"a": 14, "b": 9})
    seen.look({"a": 20, "b": 11})
    seen.enter(phase())
    seen.look({"a": 27, "b": 12})
    seen.look({"a": 40, "b": 40})
    assert seen.attempts == {"a": 17}


def test_a_phase_between_two_looks_counts_too() -> None:
    seen = Unreachable()
    seen.enter(phase("a", Refuse()))
    seen.enter(phase())
    seen.look({"a": 3})
    assert seen.attempts == {"a": 3}


def test_other_faults_are_seen() -> None:
    seen = Unreachable()
    seen.enter(phase("a", Reset()))
    seen.look({"a": 3})
    assert not seen.attempts
    seen.enter(PlannedPhase("p", "fault", 1.0, 10.0, "a", flap(Refuse())))
    seen.look({"a": 5})
    assert seen.attempts == {"a": 2}
