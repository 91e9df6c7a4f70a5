from __future__ import annotations

from holdfast.service.health.config import HealthConfig
from holdfast.service.health.vital import vital
from holdfast.telemetry.board import DependencyCell
from holdfast.telemetry.process import slot


def test_a_loop_that_was_late_once_is_not_late_now() -> None:
    mine = slot()
    mine.beat(100.0, 5.0, lately=5.0)
    assert vital(mine, HealthConfig(lag=1.0)).lag == 5.0
    mine.beat(101.0, 4.5, lately=0.0)
    assert vital(mine, HealthConfig(lag=1.0)).lag == 0.0
    mine.beat(102.0, 4.0)
    assert vital(mine, HealthConfig(lag=1.0)).lag == 4.0, "nobody told it apart"
    mine.beat(103.0)


def test_only_what_is_asked_for_is_read() -> None:
    mine = slot()
    row = mine.dependencies.row("health-db")
    row[DependencyCell.BREAKER], row[DependencyCell.ATTEMPTS] = 2, 7
    assert vital(mine, HealthConfig()).breakers == {}
    assert vital(mine, HealthConfig(dependencies={"health-db": 10.0})).breakers == {"health-db": (True, 7)}
    row[DependencyCell.BREAKER] = 0
