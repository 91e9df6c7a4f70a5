from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.framer.amqp import AmqpFramer
from tests.gate.fault.framer.cutting import CUTS, cut

HEADER = b"AMQP\x00\x00\x09\x01"


def frame(kind: int, payload: bytes, channel: int = 1) -> bytes:
    return bytes([kind]) + channel.to_bytes(2, "big") + len(payload).to_bytes(4, "big") + payload + b"\xce"


def method(kind: int, number: int, arguments: bytes = b"") -> bytes:
    return frame(1, kind.to_bytes(2, "big") + number.to_bytes(2, "big") + arguments)


PUBLISH = method(60, 40, bytes(6)) + frame(2, bytes(14)) + frame(3, b"\xce\x01\x00" * 9)
DECLARE = method(50, 10, b"\0\0\5queue\0\0\0\0\0")
NO_CALLS = [method(10, 11, b"start"), method(20, 10), method(60, 80, bytes(9)), frame(8, b"", 0)]


@given(st.lists(st.sampled_from([PUBLISH, DECLARE, *NO_CALLS]), max_size=10), CUTS)
def test_counts_however_the_bytes_are_cut(frames: list[bytes], cuts: list[int]) -> None:
    framer = AmqpFramer()
    begun = sum(framer.feed(part) for part in cut(HEADER + b"".join(frames), cuts))
    assert begun == sum(each in (PUBLISH, DECLARE) for each in frames)
    assert framer.between
    assert not framer.lost


def test_is_refused_once_and_for_all() -> None:
    framer = AmqpFramer()
    assert framer.feed(HEADER + PUBLISH) == 1
    answer = framer.refusal(b"")
    assert answer[:3] == b"\x01\0\0"
    assert int.from_bytes(answer[3:7], "big") == len(answer) - 8
    assert answer[7:13] == b"\0\x0a\0\x32\x01\x40"  # connection.close, 320
    assert answer.endswith(b"\xce")
    framer.feed(DECLARE)
    assert framer.refusal(b"") == b""
    assert not framer.between


@pytest.mark.parametrize(
    "stream",
    [
        b"AMQP\x01\x01\x00\x0a",
        b"GET / HTTP/1.1\r\n\r\n",
        HEADER + DECLARE[:-1] + b"\0",
        HEADER + frame(1, b""),
    ],
)
def test_says_when_it_is_lost(stream: bytes) -> None:
    framer = AmqpFramer()
    framer.feed(stream + bytes(8))
    assert framer.lost
    assert framer.feed(PUBLISH) == 0


def test_is_found_by_its_kind() -> None:
    assert framer_of("rabbitmq") is AmqpFramer
