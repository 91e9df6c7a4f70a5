from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.framer.postgres import PostgresFramer
from tests.gate.fault.framer.cutting import CUTS, cut

IDLE, IN_TRANSACTION, FAILED = b"Z\0\0\0\5I", b"Z\0\0\0\5T", b"Z\0\0\0\5E"


def message(kind: str, body: bytes = b"") -> bytes:
    return kind.encode() + (len(body) + 4).to_bytes(4, "big") + body


def untyped(code: int, body: bytes = b"") -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + code.to_bytes(4, "big") + body


START = untyped(3 << 16, b"user\0holdfast\0\0")
SIMPLE = message("Q", b"select 1\0")
EXTENDED = b"".join([message("P", b"\0select $1\0\0\0"), message("B", bytes(12)), message("D", b"P\0")])
EXTENDED += message("E", bytes(5)) + message("S")


@given(st.lists(st.sampled_from([SIMPLE, EXTENDED]), max_size=10), CUTS)
def test_counts_however_the_bytes_are_cut(groups: list[bytes], cuts: list[int]) -> None:
    framer = PostgresFramer()
    stream = untyped(80877103) + START + message("p", b"secret\0") + b"".join(groups) + message("X")
    begun, answers = 0, b""
    for part in cut(stream, cuts):
        begun += framer.feed(part)
        answers += framer.refusal(IDLE) or b""
    assert begun == len(groups)
    assert answers.count(b"C57000\0") == answers.count(IDLE) == len(groups)
    assert framer.between
    assert not framer.lost


def started() -> PostgresFramer:
    framer = PostgresFramer()
    framer.feed(START)
    return framer


def test_a_group_is_refused_at_once_and_ready_at_its_sync() -> None:
    framer = started()
    parse, rest = message("P", b"\0select 1\0\0\0") + message("H"), message("D", b"S\0") + message("S")
    assert framer.feed(parse) == 1
    error = framer.refusal(IN_TRANSACTION)
    assert error is not None
    assert error.startswith(b"E")
    assert error[1:5] == (len(error) - 1).to_bytes(4, "big")
    assert not framer.between
    assert framer.feed(rest) == 0
    assert framer.refusal(IN_TRANSACTION) == FAILED
    assert framer.between


@pytest.mark.parametrize(("before", "after"), [(IDLE, IDLE), (IN_TRANSACTION, FAILED), (FAILED, FAILED)])
def test_a_transaction_in_which_a_statement_fails_has_failed(before: bytes, after: bytes) -> None:
    framer = started()
    assert framer.feed(SIMPLE) == 1
    answer = framer.refusal(b"...rows" + before)
    assert answer is not None
    assert answer.endswith(after)


def test_is_not_answered_while_something_else_is() -> None:
    framer = started()
    framer.feed(SIMPLE)
    assert framer.refusal(b"half a row") is None


def test_a_cancellation_is_no_call() -> None:
    framer = PostgresFramer()
    assert framer.feed(untyped(80877102, bytes(8))) == 0
    assert not framer.lost


@pytest.mark.parametrize(
    "stream",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        untyped(80877103) + b"\x16\x03\x01",
        untyped(1),
        b"\0\0\0\1" + bytes(4),
        START + b"Q\0\0\0\1",
        START + message("!"),
    ],
)
def test_says_when_it_is_lost(stream: bytes) -> None:
    framer = PostgresFramer()
    framer.feed(stream)
    assert framer.lost
    assert framer.feed(SIMPLE) == 0


def test_is_found_by_its_kind() -> None:
    assert framer_of("postgres") is PostgresFramer
