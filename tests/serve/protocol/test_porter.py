"""The ready answers, and what is known again by its bytes."""

from __future__ import annotations

import pytest

from holdfast.serve.protocol.scout import LONGEST, Scout
from tests.serve.protocol.wire import PROBE, Peer, early, read

pytestmark = pytest.mark.anyio

PLAIN = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"


def porter_of(peer: Peer):  # type: ignore[no-untyped-def] # the protocol is Uvicorn's, to a type checker
    return peer.protocol.porter  # type: ignore[attr-defined]


async def test_the_same_bytes_are_looked_at_once() -> None:
    peer = Peer(ours=True)
    porter = porter_of(peer)
    looks: list[bytes] = []
    sees = porter._sees

    def seen(data: bytes) -> bytes:
        looks.append(data)
        found: bytes = sees(data)
        return found

    porter._sees = seen
    await peer.send(*[PLAIN] * 5)
    assert looks == [PLAIN]
    assert [answer.status for answer in read(peer.transport.written)] == [503] * 5
    assert len({answer.body for answer in read(peer.transport.written)}) == 3, "Retry-After goes round"
    await peer.over()


async def test_what_is_known_is_bounded_and_forgotten() -> None:
    peer = Peer(ours=True)
    porter = porter_of(peer)
    for number in range(3000):
        await peer.send(b"GET /%d HTTP/1.1\r\n\r\n" % number)
    assert early(peer.door) == 3000
    assert len(porter.known) == 1024
    peer.state.default_headers = [(b"date", b"a second later")]
    await peer.send(PLAIN)
    assert len(porter.known) == 1
    assert (b"date", b"a second later") in read(peer.transport.written)[-1].headers
    await peer.over()


async def test_what_is_known_is_let_in_when_there_is_room() -> None:
    peer = Peer(ours=True)
    await peer.send(PLAIN)
    peer.door.close()
    await peer.send(PLAIN)
    assert early(peer.door) == 1
    await peer.over()


async def test_a_probe_is_never_known() -> None:
    peer = Peer(ours=True)
    await peer.send(*[b"GET %s HTTP/1.1\r\n\r\n" % PROBE.encode()] * 2)
    assert not porter_of(peer).known
    assert [answer.status for answer in read(peer.transport.written)] == [200, 200]
    await peer.over()


async def test_head_and_get_have_answers_of_their_own() -> None:
    peer = Peer(ours=True)
    await peer.send(PLAIN.replace(b"GET", b"HEAD"), PLAIN, PLAIN.replace(b"GET", b"HEAD"))
    assert [bool(answer.body) for answer in read(peer.transport.written)] == [False, True, False]
    await peer.over()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nProxy-Connection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\n\nPOST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nX Y: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n",
        b"GET /" + b"a" * LONGEST + b" HTTP/1.1\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_plain_request_is_not_seen_and_leaves_no_trace(data: bytes) -> None:
    scout = Scout()
    assert scout.sees(data) == b""
    assert scout.sees(PLAIN) == b"/a"
