from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.budget.path import dotted, parts

KEYS = st.text(min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("objective", "p99"), "objective.p99"),
        (("objective", "route", "POST /orders", "p99"), 'objective.route."POST /orders".p99'),
        (("traffic", "request", 0, "send"), "traffic.request[0].send"),
        (("source", "objective.*"), 'source."objective.*"'),
    ],
)
def test_paths_are_written_as_toml_writes_keys(path: tuple[str | int, ...], text: str) -> None:
    assert dotted(path) == text
    assert parts(text) == path


@given(st.tuples(KEYS), st.lists(KEYS | st.integers(0, 99), max_size=5))
def test_any_path_survives(first: tuple[str], rest: list[str | int]) -> None:
    path = (*first, *rest)
    assert parts(dotted(path)) == path


def test_what_is_no_path() -> None:
    with pytest.raises(ValueError, match="not a dotted path"):
        parts('a."b')
