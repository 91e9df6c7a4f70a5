from __future__ import annotations

from collections.abc import Callable

import pytest

from holdfast.budget import Loaded
from holdfast.budget.loosen import loosened

Load = Callable[..., Loaded]


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("OBJECTIVE__P99", "400ms", "objective.p99"),
        ("OBJECTIVE__AVAILABILITY", "99%", "objective.availability"),
        ("OBJECTIVE__THROUGHPUT", "100/s", "objective.throughput"),
        ("OBJECTIVE__RECOVERY", "1m", "objective.recovery"),
        ("OBJECTIVE__WITHOUT__PAYMENTS", "50%", "objective.without.payments"),
        ("OBJECTIVE__ROUTE", '{"POST /orders": {"p99": "1s"}}', 'objective.route."POST /orders".p99'),
        ("SLI__BAD", '["5xx"]', "sli.bad"),
        ("SLI__EXCLUDED", '["4xx", "disconnect", "dependency"]', "sli.excluded"),
        ("SLI__DEGRADED", "good", "sli.degraded"),
    ],
)
def test_the_environment_may_not_loosen(loaded: Load, name: str, value: str, path: str) -> None:
    (finding,) = loosened(loaded(environ={f"HOLDFAST_{name}": value}))
    assert finding.path == path
    assert finding.place == f"HOLDFAST_{name}"
    assert f"HOLDFAST_{name} may not loosen it" in finding.message


def test_the_words(loaded: Load) -> None:
    (finding,) = loosened(loaded(environ={"HOLDFAST_OBJECTIVE__P99": "400ms"}))
    assert finding.message == "400ms is above the file's 300ms, and HOLDFAST_OBJECTIVE__P99 may not loosen it"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OBJECTIVE__P99", "200ms"),
        ("OBJECTIVE__P99", "300ms"),
        ("OBJECTIVE__P50", "100ms"),
        ("OBJECTIVE__AVAILABILITY", "99.99%"),
        ("TRAFFIC__PEAK", "300/s"),
        ("SLI__BAD", '["5xx", "shed", "deadline", "dependency"]'),
    ],
)
def test_it_may_tighten_add_and_change_what_is_no_objective(loaded: Load, name: str, value: str) -> None:
    assert loosened(loaded(environ={f"HOLDFAST_{name}": value})) == []


def test_an_overlay_may(loaded: Load) -> None:
    found = loaded(("[source]", '[env.ci.objective]\np99 = "1s"\n\n[source]'), environment="ci")
    assert loosened(found) == []
