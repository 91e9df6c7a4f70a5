from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

import pytest

from benchmarks import report


@pytest.mark.parametrize(
    ("measured", "sense", "required", "held"),
    [
        (1.0, "<=", 1.0, True),
        (1.1, "<=", 1.0, False),
        (1.0, ">=", 1.0, True),
        (0.9, ">=", 1.0, False),
        (None, "<=", 1.0, None),
        (1.0, ">=", None, None),
    ],
)
def test_a_check(
    measured: float | None,
    sense: Literal["<=", ">="],
    required: float | None,
    held: bool | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report.check("this", measured, sense, required) is held
    line = capsys.readouterr().out
    words = {True: "ok this: ", False: "NO this: ", None: "?  this: not measured"}
    assert line.lstrip().startswith(words[held])


@pytest.mark.parametrize(
    ("checks", "code"),
    [([], 0), ([True, True], 0), ([True, None], 5), ([None, False], 1), ([False, True], 1)],
)
def test_the_exit_code_of_checks(checks: Sequence[bool | None], code: int) -> None:
    assert report.exit_code(checks) == code


def test_figures_are_the_last_line_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    report.figures(driver_us=8.123456, wrk_us=None, requests=12)
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"driver_us": 8.1235, "wrk_us": None, "requests": 12.0}


def test_a_figure_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        report.figures(worst=float("nan"))


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    report.table(("generator", "us a request"), [("driver", 8.12345), ("wrk", None), ("much longer", 3)])
    assert capsys.readouterr().out.splitlines() == [
        "",
        "generator    us a request",
        "-----------  ------------",
        "driver              8.123",
        "wrk                     -",
        "much longer             3",
        "",
    ]


def test_what_is_missing_is_named_and_not_decided(capsys: pytest.CaptureFixture[str]) -> None:
    report.missing("json")
    with pytest.raises(SystemExit) as end:
        report.missing("json", "no_such_peer", "nor_this")
    assert end.value.code == report.NOT_DECIDED
    errors = capsys.readouterr().err
    assert "no_such_peer (pip install no-such-peer)" in errors
    assert "nor_this" in errors


def test_a_program_that_is_there_and_one_that_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert report.program("sh", hint="always there")
    assert report.program("no-such-load-generator", hint="apt install it") is None
    assert capsys.readouterr().err == "missing: no-such-load-generator (apt install it)\n"


@pytest.mark.parametrize(("values", "middle"), [([], None), ([3.0], 3.0), ([1.0, 9.0, 2.0], 2.0)])
def test_the_median(values: list[float], middle: float | None) -> None:
    assert report.median(values) == middle


def test_the_machine_is_named_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    report.machine()
    (line,) = capsys.readouterr().out.splitlines()
    for word in ("cores", "Python 3.", "load "):
        assert word in line
