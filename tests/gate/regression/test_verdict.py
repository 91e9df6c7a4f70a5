from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from holdfast.budget import Loaded, load
from holdfast.gate.regression.result import Window
from holdfast.gate.regression.verdict import compared, verdict, worse

BUDGET = """
[traffic]
peak = "10/s"
[regression]
cpu = "15%"
p50 = "20%"
{more}
[source]
"regression.cpu" = "numbers.md#numbers"
{sources}
"""


def loaded(
    tmp_path: Path, more: str = "", sources: str = '"regression.p50" = "numbers.md#numbers"'
) -> Loaded:
    (tmp_path / "numbers.md").write_text("# Numbers\n\n15% and 20%\n")
    path = tmp_path / "holdfast.toml"
    path.write_text(BUDGET.format(more=more, sources=sources))
    return load(path)


def windows(
    factor: float, *, pairs: int = 12, bad: Mapping[str, int] | None = None, gone: bool = False
) -> list[Window]:
    found = []
    for pair in range(pairs):
        cpu = None if gone else 0.001
        found.append(Window(pair, "old", True, 100, cpu, 0.01, 0.05, {}))
        new = None if gone else 0.001 * factor
        found.append(Window(pair, "new", False, 100, new, 0.01 * factor, 0.05 * factor, bad or {}))
    return found


def decided(tmp_path: Path, found: list[Window], problem: str = "", **budget: str) -> tuple[str, int, str]:
    comparisons = compared(loaded(tmp_path, **budget), found, last=True)
    said = verdict(comparisons, problem=problem, worse=worse(found))
    return said.outcome, said.exit_code, said.summary


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (1.0, ("pass", 0, "no more cpu, p50 than granted")),
        (1.17, ("fail", 1, "cpu is 1.17 x what it was")),
        (1.3, ("fail", 1, "cpu is 1.3 x what it was, p50 is 1.3 x what it was")),
    ],
)
def test_each_figure_by_what_the_budget_grants(
    tmp_path: Path, factor: float, expected: tuple[str, int, str]
) -> None:
    assert decided(tmp_path, windows(factor)) == expected


def test_a_build_that_fails_more_is_no_faster_one(tmp_path: Path) -> None:
    outcome, code, why = decided(tmp_path, windows(0.5, bad={"500": 2}))
    assert (outcome, code, why) == (
        "fail",
        1,
        "the new build fails more: 24 x 500 where the other build has 0",
    )


def test_a_driver_that_did_not_send_decides_alone(tmp_path: Path) -> None:
    assert decided(tmp_path, windows(2.0), problem="not sent")[:2] == ("cannot tell", 5)


def test_a_worker_that_was_replaced_takes_its_cpu_along(tmp_path: Path) -> None:
    outcome, code, why = decided(tmp_path, windows(1.0, gone=True))
    assert (outcome, code, why) == ("cannot tell", 5, "cpu: nothing to compare")


def test_a_number_without_a_source_is_not_judged(tmp_path: Path) -> None:
    assert decided(tmp_path, windows(1.3), sources="")[2] == "cpu is 1.3 x what it was"


def test_nothing_granted_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text('[traffic]\npeak = "10/s"\n')
    found = windows(1.3)
    said = verdict(compared(load(path), found, last=True), problem="", worse=worse(found))
    assert (said.outcome, said.exit_code) == ("missing", 3)


@pytest.mark.parametrize("text", ["0%", "101%", "-5%"])
def test_a_share_that_cannot_be_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "holdfast.toml"
    path.write_text(f'[regression]\ncpu = "{text}"\n')
    with pytest.raises(Exception, match=r"holdfast.toml:2"):
        load(path)
