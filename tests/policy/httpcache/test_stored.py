from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.policy.cache import Undecodable
from holdfast.policy.httpcache import Stored, Terms, Who, dates
from holdfast.policy.httpcache.directives import parse
from holdfast.policy.httpcache.fields import members
from holdfast.policy.httpcache.stored import FORM
from holdfast.policy.httpcache.validators import evaluate

octets = st.binary(max_size=40)
terms = st.builds(
    Terms,
    lifetime=st.floats(0, 1e9),
    confirm=st.booleans(),
    strict=st.booleans(),
    behind=st.floats(0, 1e9),
    bridge=st.floats(0, 1e9),
    shared=st.sampled_from(Who),
)
stored = st.builds(
    Stored,
    status=st.integers(100, 599),
    headers=st.lists(st.tuples(octets, octets), max_size=5).map(tuple),
    body=st.binary(max_size=200),
    at=st.floats(0, 1e10),
    age=st.floats(0, 1e10),
    terms=terms,
    tags=st.lists(st.text(max_size=9), max_size=3).map(tuple),
)


@given(stored)
def test_what_is_kept_comes_back_as_it_was(value: Stored) -> None:
    assert FORM.decode(FORM.encode(value)) == value


@given(stored, st.integers(0, 400), st.binary(max_size=3))
def test_what_is_cut_or_changed_in_length_is_a_miss(value: Stored, at: int, more: bytes) -> None:
    whole = FORM.encode(value)
    if whole[:at] + more != whole and at < len(whole) and len(whole[:at] + more) != len(whole):
        with pytest.raises(Undecodable):
            FORM.decode(whole[:at] + more)


@given(octets)
def test_anything_else_is_a_miss(data: bytes) -> None:
    with pytest.raises(Undecodable):
        FORM.decode(data)


@given(st.text(max_size=80), st.text(max_size=20))
def test_no_text_breaks_what_reads_it(text: str, other: str) -> None:
    line = text.encode("utf-8", "surrogatepass")
    said = parse([(b"cache-control", line)])
    assert (said.seconds("max-age") or 0) >= 0
    list(members(text))
    dates.read(text, 1e9)
    headers = [(b"if-match", line), (b"if-none-match", line), (b"if-modified-since", line)]
    assert evaluate("GET", headers, tag=f'"{other}"', modified=None, now=1e9) in (None, 304, 412)


@given(st.integers(0, 253402300799))
def test_a_date_is_read_as_it_was_written(at: int) -> None:
    assert dates.read(dates.write(at), 1e9) == at


def test_a_clock_that_was_set_back_makes_nothing_younger() -> None:
    value = Stored(200, (), b"", at=1000.0, age=5.0, terms=Terms(60.0))
    assert [value.age_at(now) for now in (900.0, 1000.0, 1030.0)] == [5.0, 5.0, 35.0]
