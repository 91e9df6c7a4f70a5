from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks import __main__ as every
from benchmarks import demo
from benchmarks.report import NOT_DECIDED

Served = Callable[[str, float, int], float]


class Pretended:
    """A bench whose forms serve what they are said to."""

    usual = 100.0
    extent = SimpleNamespace(step=2.0)

    def __init__(self, served: Served) -> None:
        self.served = served
        self.driven: list[tuple[str, float]] = []

    def at(self, form: str, rate: float, number: int = 0) -> Any:
        self.driven.append((form, rate))
        phase = SimpleNamespace(goodput=self.served(form, rate, number))
        return SimpleNamespace(of=lambda name: phase)


def climb(served: Served) -> tuple[dict[str, float], list[tuple[str, float]]]:
    bench = Pretended(served)
    return demo.peaks(bench), bench.driven  # type: ignore[arg-type]


def test_a_peak_is_the_highest_goodput_of_a_ladder_that_ends_beyond_it() -> None:
    peak, driven = climb(lambda form, rate, _: rate if rate <= 200 else (0.0 if form == "fragile" else 250.0))
    assert peak == {"fragile": 200.0, "held": 250.0}
    assert max(rate for form, rate in driven if form == "fragile") == 400
    assert max(rate for form, rate in driven if form == "held") == 400


def test_forms_take_turns_and_one_that_is_beyond_its_peak_climbs_no_further() -> None:
    capacity = {"fragile": 100.0, "held": 400.0}
    _, driven = climb(lambda form, rate, _: rate if rate <= capacity[form] else 0.0)
    assert driven[:3] == [("fragile", 100), ("held", 100), ("fragile", 200)]
    assert ("fragile", 400) not in driven
    assert ("held", 800) in driven


def test_one_bad_stretch_does_not_end_a_ladder() -> None:
    peak, _ = climb(lambda form, rate, number: 0.0 if number == 0 or rate > 400 else rate)
    assert peak == {"fragile": 400.0, "held": 400.0}


def test_a_p99_is_of_all_rounds_together_and_not_shown_of_too_few() -> None:
    def stretch(count: int) -> Any:
        at = np.arange(count) / count
        run = SimpleNamespace(
            answered=np.ones(count, bool),
            refused=at < 0.5,
            latency=np.where(at < 0.5, 9.0, 0.2),
            between=lambda start, end: (at >= start) & (at < end),
        )
        return SimpleNamespace(run=run, of=lambda name: SimpleNamespace(start=0.0, end=1.0, goodput=1.0))

    situation = demo.Situation()
    situation.add(stretch(1000), "measured")
    assert situation.p99() is None
    situation.add(stretch(1000), "measured")
    assert situation.p99() == pytest.approx(200.0)
    assert situation.goodput == [1.0, 1.0]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [([0, 0], 0), ([0, NOT_DECIDED], NOT_DECIDED), ([NOT_DECIDED, 1], 1), ([0, 4], 1), ([], 0)],
)
def test_several_exit_codes_become_the_worst(codes: list[int], expected: int) -> None:
    assert every.worst(codes) == expected


def test_a_benchmark_that_ended_without_a_missed_check_is_explained() -> None:
    assert every.explain(0) == []
    assert every.explain(NOT_DECIDED) == ["not decided: something is missing"]
    assert every.explain(-9) == ["broke with exit code -9"]
