from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from holdfast.gate.measure import unproxied
from holdfast.gate.verdict import judge
from tests.gate.measure.made import Sent
from tests.gate.verdict.made import budget, evidence


def test_a_replay_is_not_asked_what_only_a_broken_dependency_shows(tmp_path: Path) -> None:
    made = evidence(
        budget(tmp_path), [Sent(0.01 * n) for n in range(500)], dependencies=[unproxied("p", "http", "TLS")]
    )
    whole = {found.id for found in judge(made)}
    replayed = {found.id for found in judge(replace(made, breaks=False))}
    assert whole - replayed == {"objective.without.p", "dependency.p.retry.budget"}
    assert "objective.p99" in replayed
