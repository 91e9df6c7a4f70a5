from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.framer.resp import RespFramer
from tests.gate.fault.framer.cutting import CUTS, cut

Command = tuple[bytes, list[bytes]]


def said(command: Command) -> bytes:
    words = [command[0], *command[1]]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


names = st.sampled_from([b"GET", b"set", b"EVALSHA", b"HELLO", b"client", b"AUTH", b"Select"])
arguments = st.lists(st.binary(max_size=40) | st.just(b"*3\r\n$3\r\nGET\r\n"), max_size=4)


@given(st.lists(st.tuples(names, arguments), max_size=10), CUTS)
def test_counts_however_the_bytes_are_cut(commands: list[Command], cuts: list[int]) -> None:
    framer = RespFramer()
    begun, answers = 0, b""
    for part in cut(b"".join(map(said, commands)), cuts):
        begun += framer.feed(part)
        answers += framer.refusal(b"")
    assert begun == sum(name in (b"GET", b"set", b"EVALSHA") for name, _ in commands)
    assert answers.count(b"-ERR ") == answers.count(b"\r\n") == len(commands)
    assert framer.between
    assert not framer.lost


def test_inline_commands_count() -> None:
    framer = RespFramer()
    assert framer.feed(b"PING\r\n\r\nAUTH secret\r\nGET") == 1
    assert not framer.between
    assert framer.feed(b" a\r\n") == 1
    assert framer.between


def test_a_command_that_is_half_said_is_not_answered() -> None:
    framer = RespFramer()
    command = said((b"SET", [b"key", b"value"]))
    assert framer.feed(command[:-1]) == 1
    assert (framer.refusal(b""), framer.between) == (b"", False)
    assert framer.feed(command[-1:]) == 0
    assert framer.refusal(b"").startswith(b"-ERR ")


@pytest.mark.parametrize(
    "stream",
    [
        b"*x\r\n",
        b"*-1\r\n",
        b"*1\r\n+OK\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$99999\r\n",
        b"*99999999\r\n",
        b"\x16" * 70_000,
    ],
)
def test_says_when_it_is_lost(stream: bytes) -> None:
    framer = RespFramer()
    framer.feed(stream)
    assert framer.lost
    assert framer.feed(said((b"GET", [b"a"]))) == 0


def test_is_found_by_its_kind() -> None:
    assert framer_of("redis") is RespFramer
