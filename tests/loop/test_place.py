from __future__ import annotations

from collections import Counter
from dataclasses import replace

from holdfast.loop.place import Place, majority

BASE = Place("a.py", 1, "f", "a.py:1 f", "GET /")


def test_the_function_counts_before_the_line() -> None:
    other = replace(BASE, function="g", line=50)
    samples = Counter({other: 4, replace(BASE, line=1): 2, replace(BASE, line=2): 3})
    assert majority(samples) == replace(BASE, line=2)


def test_the_line_counts_before_the_sink() -> None:
    samples = Counter(
        {
            replace(BASE, line=1, sink="x.py:1 x"): 2,
            replace(BASE, line=1, sink="x.py:2 x"): 2,
            replace(BASE, line=2, sink="y.py:1 y"): 3,
        }
    )
    assert majority(samples) == replace(BASE, line=1, sink="x.py:1 x")


def test_one_sample_speaks_for_itself() -> None:
    assert majority(Counter([BASE])) == BASE
