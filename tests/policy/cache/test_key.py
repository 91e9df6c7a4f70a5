from __future__ import annotations

import datetime
import subprocess
import sys
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.cache.key import LONGEST, Unwritable, bounded, canonical
from tests.policy.cache.made import Product


class Colour(Enum):
    RED = 1


class Other(Enum):
    RED = 1


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def typed(value: Any) -> Any:
    """Return `value` so that it is equal to another of the same type only: 1, 1.0 and True are three."""
    if isinstance(value, tuple):
        return tuple(map(typed, value))
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    return type(value).__name__, repr(value)


@given(st.lists(PLAIN, max_size=3), st.lists(PLAIN, max_size=3))
def test_different_things_are_never_written_alike(one: list[Any], other: list[Any]) -> None:
    same = [typed(value) for value in one] == [typed(value) for value in other]
    assert ("".join(map(canonical, one)) == "".join(map(canonical, other))) is same


DIFFERENT = [
    1, "1", 1.0, True, None, "", b"1", (1,), ("1",), {}, (), {"a": 1}, [("a", 1)], {1}, Colour.RED, Other.RED,
    UUID(int=1), Decimal(1), datetime.date(2026, 1, 1),
    datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), datetime.time(1),
    datetime.timedelta(1), PurePosixPath("1"), Product(name="1"), Product(name="1", price=1),
    ("a", "bc"), ("ab", "c"),
]  # fmt: skip


def test_every_kind_is_written_by_itself() -> None:
    assert len(set(map(canonical, DIFFERENT))) == len(DIFFERENT)


def test_order_counts_where_it_means_something() -> None:
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1})
    assert canonical({"x", "y", "z"}) == canonical({"z", "y", "x"})
    assert canonical([1, 2]) != canonical([2, 1])


def test_what_is_equal_to_nothing_elsewhere_is_refused() -> None:
    with pytest.raises(Unwritable, match="object cannot be part of a key"):
        canonical([object()])


def test_it_is_the_same_in_every_process() -> None:
    code = (
        "from holdfast.policy.cache.key import bounded, canonical\n"
        "print(bounded(canonical([{'b': {'x', 'y', 'z'}, 'a': 'é'}, 1.5, 'q' * 300])))"
    )
    said = set()
    for seed in ("1", "2"):
        environ = {"PYTHONHASHSEED": seed, "PYTHONPATH": "src", "PYTHONUTF8": "1"}
        command = [sys.executable, "-c", code]
        said.add(subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout)
    assert len(said) == 1


@given(st.text(max_size=600), st.text(max_size=600))
def test_a_long_key_is_bounded_and_still_its_own(one: str, other: str) -> None:
    assert len(bounded(one)) <= LONGEST
    assert (bounded(one) == bounded(other)) is (one == other)
