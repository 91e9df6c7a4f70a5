"""The tables, the key, the payload and the answer."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.errors import KeyInvalid
from holdfast.policy.idempotency import (
    Answer,
    Effect,
    IdempotencyConfig,
    KeyId,
    Record,
    Situation,
    State,
    Verdict,
    decide,
)
from holdfast.policy.idempotency.core import DECISIONS, MOVES, Move, decisions_markdown, situation
from holdfast.policy.idempotency.fingerprint import canonical, fingerprint, is_json
from holdfast.policy.idempotency.key import parse
from holdfast.policy.mode import Mode

DOCUMENT = Path(__file__).parents[3] / "docs" / "idempotency.md"


def record(state: State, *, repeatable: bool = False, lease: float = 10.0, expires: float = 100.0) -> Record:
    return Record(state, "t", b"f", repeatable, lease, expires)


def test_the_table_knows_every_case() -> None:
    assert set(DECISIONS) == set(product(Situation, (True, False)))
    assert set(MOVES) == set(Move)


def test_the_document_shows_the_table() -> None:
    assert decisions_markdown() in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("known", "now", "expected"),
    [
        (None, 0.0, Situation.FREE),
        (record(State.RUNNING), 9.9, Situation.HELD),
        (record(State.RUNNING), 10.0, Situation.CRASHED),
        (record(State.RUNNING, repeatable=True), 10.0, Situation.LAPSED),
        (record(State.RUNNING, lease=200.0), 150.0, Situation.HELD),
        (record(State.RUNNING), 100.0, Situation.FORGOTTEN),
        (record(State.DONE, lease=500.0), 99.0, Situation.DONE),
        (record(State.DONE), 100.0, Situation.FORGOTTEN),
        (record(State.UNKNOWN), 99.0, Situation.UNKNOWN),
        (record(State.UNKNOWN), 100.0, Situation.FORGOTTEN),
    ],
)
def test_the_situation(known: Record | None, now: float, expected: Situation) -> None:
    assert situation(known, now) is expected


def test_what_never_runs_again() -> None:
    """Only a key of which nothing is known, or whose effect can be repeated, runs a request."""
    runs = {found for found, verdict in DECISIONS.items() if verdict in (Verdict.RUN, Verdict.TAKE_OVER)}
    assert {known for known, _ in runs} == {Situation.FREE, Situation.LAPSED, Situation.FORGOTTEN}
    assert decide(record(State.DONE), b"other", 1.0) is Verdict.MISMATCH


@pytest.mark.parametrize(
    ("header", "key"),
    [(b"abc", "abc"), (b' "a b" ', "a b"), (rb'"a\"b\\"', 'a"b\\'), (b"a:b/c=d", "a:b/c=d")],
)
def test_a_key_is_read(header: bytes, key: str) -> None:
    assert parse([header]) == key
    assert parse([]) is None


@given(st.binary(max_size=300))
def test_any_header_is_a_key_or_invalid(header: bytes) -> None:
    try:
        key = parse([header])
    except KeyInvalid:
        return
    assert key is not None
    assert 0 < len(key) <= 255
    assert key.isprintable()


@given(st.text(), st.text())
def test_two_tenants_are_two(one: str, other: str) -> None:
    assert (KeyId.of(one, "k") == KeyId.of(other, "k")) == (one == other)
    assert len(KeyId.of(one, "k").tenant) <= 255


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(inner) for key, inner in reversed(value.items())}
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


@given(json_values)
def test_json_is_compared_by_what_it_says(value: Any) -> None:
    spaced = json.dumps(shuffled(value), indent=2, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert canonical(json.dumps(value).encode()) == canonical(spaced)


@given(json_values, json_values)
def test_different_json_differs(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical(json.dumps(one).encode()) == canonical(json.dumps(other).encode())) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a": 1.0}', b'{"a": 1}'),
        (b'{"a": 0.1}', b'{"a": 0.10000000000000000001}'),
        (b'{"a": 1e400}', b'{"a": 2e400}'),
        (b'{"a": 1, "a": 2}', b'{"a": 2}'),
        (b'{"a": "1"}', b'{"a": 1}'),
        (b'{"a": 1.5}', b'{"a": "1.5"}'),
        (b"[" * 5000, b"[" * 5001),
        (b"9" * 5000, b"9" * 5001),
        (b"\xff", b"\xfe"),
    ],
)
def test_what_a_parser_could_tell_apart_differs(one: bytes, other: bytes) -> None:
    assert canonical(one) != canonical(other)


def test_parts_do_not_run_into_each_other() -> None:
    prints = {
        fingerprint("POST", b"/a", b"b", (), b""),
        fingerprint("POST", b"/ab", b"", (), b""),
        fingerprint("POST", b"/a", b"", (), b"b"),
        fingerprint("POST", b"/a", b"", [(b"b", b"")], b""),
        fingerprint("PUT", b"/a", b"b", (), b""),
    }
    assert len(prints) == 5
    assert is_json(b"application/vnd.api+json; charset=utf-8")
    assert not is_json(b"text/json-lines")


@given(
    st.integers(100, 599),
    st.lists(st.tuples(st.binary(), st.binary()), max_size=4),
    st.binary() | st.none(),
)
def test_an_answer_is_stored_as_it_is(status: int, headers: Any, body: bytes | None) -> None:
    answer = Answer(status, tuple(headers), body)
    assert Answer.load(answer.dump()) == answer


@given(st.binary())
def test_anything_else_is_no_answer(stored: bytes) -> None:
    with pytest.raises(ValueError, match="not a stored answer"):
        Answer.load(b"x" + stored)


def test_what_is_kept_of_an_answer() -> None:
    sent = [(b"Set-Cookie", b"a=b"), (b"content-length", b"3"), (b"Location", b"/x"), (b"Date", b"now")]
    assert Answer.of(201, sent, b"abc", 3) == Answer(201, ((b"Location", b"/x"),), b"abc")
    assert Answer.of(201, sent, b"abcd", 3).body is None


@pytest.mark.parametrize(
    "wrong",
    [{"lease": 0.0}, {"retention": 1.0}, {"body": 0}, {"retention": None}, {"patience": -1.0}],
)
def test_a_contradiction_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|below|without"):
        IdempotencyConfig(**{"retention": 3600.0, **wrong})
    assert IdempotencyConfig(mode=Mode.OBSERVE).effect is Effect.ELSEWHERE
