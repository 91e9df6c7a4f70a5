from __future__ import annotations

import pytest

from holdfast.budget.source.pattern import best, matches


@pytest.mark.parametrize(
    ("pattern", "path", "covers"),
    [
        ("objective.p99", "objective.p99", True),
        ("objective.p99", "objective.p999", False),
        ("objective.*", "objective.p99", True),
        ("objective.*", 'objective.route."POST /orders".p99', True),
        ("objective", "objective.p99", True),
        ("traffic.request", "traffic.request[0].send", True),
        ("dependency.*.timeout.*", "dependency.db.timeout.total", True),
        ("*", "anything.at.all", True),
        ("obj", "objective.p99", False),
        ("objective.p9[0-9]", "objective.p99", False),
    ],
)
def test_what_a_key_covers(pattern: str, path: str, covers: bool) -> None:
    assert matches(pattern, path) is covers


def test_the_most_specific_wins() -> None:
    patterns = [
        "*",
        "dependency.*",
        "dependency.payments.*",
        "dependency.*.total",
        "dependency.payments.timeout.total",
    ]
    assert best(patterns, "dependency.payments.timeout.total") == patterns[4]
    assert best(patterns[:4], "dependency.payments.timeout.total") == patterns[2]
    assert best(patterns[:2], "objective.p99") == "*"
    assert best(patterns[1:], "objective.p99") is None
