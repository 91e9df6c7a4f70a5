from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.shape.placeholder import Cell, Range, Variable, fill, fill_text, find, find_all

bounds = st.tuples(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9)).map(
    lambda pair: tuple(sorted(pair))
)
plain = st.text().filter(lambda text: "{" not in text and "}" not in text)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | plain
    | bounds.map(lambda pair: f"{{{pair[0]}..{pair[1]}}}")
)
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(plain, inner), max_leaves=20)


@given(st.lists(st.tuples(plain, bounds)), plain)
def test_finds_every_placeholder_between_any_text(
    parts: list[tuple[str, tuple[int, int]]], tail: str
) -> None:
    text = "".join(f"{before}{{{low}..{high}}}" for before, (low, high) in parts) + tail
    assert find(text) == tuple(Range(*pair) for _, pair in parts)


@given(values)
def test_fill_takes_one_number_a_choice_and_leaves_none(value: object) -> None:
    numbers = [each.low for each in find_all(value) if isinstance(each, Range)]
    rest = iter([*numbers, "unused"])
    filled = fill(value, rest)
    assert next(rest) == "unused"
    assert find_all(filled) == ()


@given(values)
def test_fill_keeps_the_shape_of_json(value: object) -> None:
    filled = json.loads(json.dumps(fill(value, iter([7] * len(find_all(value))))))

    def same_shape(a: object, b: object) -> bool:
        if isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(same_shape(a[key], b[key]) for key in a)
        if isinstance(a, list) and isinstance(b, list):
            return len(a) == len(b) and all(map(same_shape, a, b))
        return a == b or find_all(a) != ()

    assert same_shape(value, filled)


def test_a_string_that_is_one_placeholder_becomes_a_number_and_others_stay_text() -> None:
    body = {"product": "{1..500}", "note": "order {1..9} of {2..3}", "tags": ["{5..5}", "x"]}
    assert fill(body, iter([42, 7, 3, 5])) == {"product": 42, "note": "order 7 of 3", "tags": [5, "x"]}


def test_cells_and_variables_are_told_from_ranges() -> None:
    assert find("/{1..2}/{data/users.csv:email}?a={u.csv:age:number}") == (
        Range(1, 2),
        Cell("data/users.csv", "email"),
        Cell("u.csv", "age", number=True),
    )
    assert find_all({"a": ["Bearer {env:TOKEN}"]}) == (Variable("TOKEN"),)


def test_a_text_is_escaped_where_it_is_filled_in() -> None:
    assert fill_text("/u/{u.csv:email}", iter(["a/b"]), lambda text: text.replace("/", "%2F")) == "/u/a%2Fb"


@pytest.mark.parametrize(
    "text",
    [
        "{id}",
        "{1.5}",
        "{1..}",
        "{..5}",
        "{a..b}",
        "1..5",
        "{1...5}",
        "{}",
        "{a.txt:b}",
        "{a.csv:}",
        "{env:1}",
    ],
)
def test_other_braces_are_text(text: str) -> None:
    assert find(text) == ()
    assert fill_text(text, iter(())) == text


def test_counting_backwards_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"\{9\.\.1\} counts backwards"):
        find("/a/{9..1}")
