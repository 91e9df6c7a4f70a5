from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.fault.framer import framer_of
from holdfast.gate.fault.http import HttpFramer

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\nGET / HTTP/1.1\r\nHost: y\r\n\r\n!!!"
CHUNKED = (
    b"PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1c\r\nGET / HTTP/1.1\r\nHost: y\r\n\r\n!\r\n0\r\n\r\n"
)


@given(st.lists(st.sampled_from([GET, POST, CHUNKED]), max_size=12), st.lists(st.integers(0, 2000)))
def test_counts_however_the_bytes_are_cut(messages: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(messages)
    framer = HttpFramer()
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    parts = [stream[a:b] for a, b in itertools.pairwise(edges) if a < b]
    assert sum(framer.feed(part) for part in parts) == len(messages)
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


def test_only_http_is_counted() -> None:
    assert framer_of("http") is HttpFramer
    assert framer_of("postgres") is None
