"""Marks of what was written, from one request to the next."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.client.sql.replica import Mark, Marks, following, marks

names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=20)
positions = st.none() | st.integers(0, 2**64 - 1)


@given(st.dictionaries(names, st.tuples(st.integers(0, 10**14), positions), max_size=16))
def test_a_token_says_what_was_written(written: dict[str, tuple[int, int | None]]) -> None:
    marks = Marks()
    for name, (milliseconds, position) in written.items():
        marks.wrote(name, Mark(milliseconds / 1000, position))
    read = Marks(marks.token)
    assert not read.changed
    assert read.token == marks.token
    assert {name: (round(m.at * 1000), m.position) for name in written if (m := read.get(name))} == written


@pytest.mark.parametrize(
    "token", ["", "|", "db", "db:1", "db:x:1", "db:1:xyz", "db:1:1:1", "\x00", "a b:1:1"]
)
def test_what_is_no_mark_is_nothing(token: str) -> None:
    assert Marks(token).token == ""


@given(st.text(max_size=200))
def test_anything_may_be_sent(token: str) -> None:
    assert len(Marks(token).token) <= 200


def test_a_token_is_bounded() -> None:
    many = "|".join(f"db{n}:1:1" for n in range(1000))
    assert Marks(many).token.count("|") == 15


def test_a_block_has_a_caller_of_its_own() -> None:
    assert marks() is None
    with following("db:1500:A") as caller:
        assert marks() is caller
        assert caller.get("db") == Mark(1.5, 10)
        with following():
            assert marks() is not caller
    assert marks() is None
