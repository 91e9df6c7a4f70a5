from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.framer.http import HttpFramer
from tests.gate.fault.framer.cutting import CUTS, cut

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nGET / HTTP/1.1\r\nHost: y\r\n\r\n!!!"
CHUNKED = (
    b"PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1c\r\nGET / HTTP/1.1\r\nHost: y\r\n\r\n!\r\n0\r\n\r\n"
)


@given(st.lists(st.sampled_from([GET, POST, CHUNKED]), max_size=12), CUTS)
def test_counts_however_the_bytes_are_cut(messages: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(messages)
    framer = HttpFramer()
    begun, answers = 0, b""
    for part in cut(stream, cuts):
        begun += framer.feed(part)
        answers += framer.refusal(b"")
    assert begun == answers.count(b"HTTP/1.1 503") == len(messages)
    assert framer.between
    assert not framer.lost


def test_a_call_counts_at_its_first_byte() -> None:
    framer = HttpFramer()
    assert framer.feed(b"G") == 1
    assert framer.feed(GET[1:]) == 0
    assert framer.feed(b"\r\n") == 0


def test_says_when_it_is_lost() -> None:
    for stream in (
        b"\x16\x03\x01\x02\x00\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        framer = HttpFramer()
        framer.feed(stream)
        assert framer.lost, stream
        assert framer.feed(GET) == 0


def test_a_request_that_is_half_said_is_not_answered() -> None:
    framer = HttpFramer()
    assert framer.feed(POST[:-5]) == 1
    assert framer.refusal(b"") == b""
    assert not framer.between
    framer.feed(POST[-5:])
    assert framer.refusal(b"") == b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
    assert framer.between


def test_kinds_without_calls_have_no_framer() -> None:
    assert framer_of("http") is HttpFramer
    assert framer_of("sqlite") is None
