from __future__ import annotations

import pytest

from holdfast.budget.numbers import Unit
from holdfast.budget.source.mention import mentions


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("within 300ms", 0.3, "duration"),
        ("within 300 ms.", 0.3, "duration"),
        ("a 300-millisecond limit", 0.3, "duration"),
        ("within 0.3 s", 0.3, "duration"),
        ("within 0.3 seconds", 0.3, "duration"),
        ("after **10** s", 10.0, "duration"),
        ("after `5m`", 300.0, "duration"),
        ("for 5 minutes", 300.0, "duration"),
        ("1,500 ms", 1.5, "duration"),
        ("| route | p99 (ms) |\n|---|---|\n| orders | 800 |", 0.8, "duration"),
        ("99.9% of requests", 0.999, "ratio"),
        ("99.9 % of requests", 0.999, "ratio"),
        ("99.9 percent", 0.999, "ratio"),
        ("a target of 0.999", 0.999, "ratio"),
        ("200/s", 200.0, "rate"),
        ("200 requests per second", 200.0, "rate"),
        ("200 requests a second", 200.0, "rate"),
        ("200 req/s", 200.0, "rate"),
        ("200 rps", 200.0, "rate"),
        ("12,000/min", 200.0, "rate"),
        ("64 MiB of memory", 64 * 2.0**20, "bytes"),
        ("two attempts", 2, "count"),
        ("at most 24 calls", 24, "count"),
        ("1,000 connections", 1000, "count"),
        ("no surge", 0, "count"),
        ("twice the peak", 2.0, "factor"),
        ("a factor of 2.5", 2.5, "factor"),
        ("anything", 0, "text"),
    ],
)
def test_a_number_is_found_however_it_is_written(text: str, value: float, unit: Unit) -> None:
    assert mentions(text, value, unit)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("within 300 s", 0.3, "duration"),
        ("within 1300 ms", 0.3, "duration"),
        ("within 300 requests", 0.3, "duration"),
        ("version 2.300ms", 0.3, "duration"),
        ("99.95%", 0.999, "ratio"),
        ("999 requests", 0.999, "ratio"),
        ("200 ms", 200.0, "rate"),
        ("200/min", 200.0, "rate"),
        ("124 calls", 24, "count"),
        ("24.5 calls", 24, "count"),
        ("often", 10, "count"),
        ("", 1, "count"),
    ],
)
def test_another_number_is_not_taken_for_it(text: str, value: float, unit: Unit) -> None:
    assert not mentions(text, value, unit)
