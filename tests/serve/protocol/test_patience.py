"""Clients that send slowly, or nothing, or take nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from holdfast.budget.model.connection import Connection
from tests.serve.protocol.wire import Peer, early, read

pytestmark = pytest.mark.anyio

SOON = 0.1
NEVER = 1000.0


def limits(**times: Any) -> Connection:
    return Connection.model_construct(
        **{
            "header_timeout": NEVER,
            "header_bytes": 65536,
            "body_timeout": NEVER,
            "body_pace": 500,
            "send_timeout": NEVER,
            **times,
        }
    )


async def until_closed(peer: Peer) -> list[int]:
    async with asyncio.timeout(10):
        await peer.transport.ended.wait()
    return [answer.status for answer in read(peer.transport.written)]


def quick(peer: Peer, keepalive: float = NEVER) -> None:
    """Look at the client often, as one of the times is short."""
    patience = peer.protocol.patience  # type: ignore[attr-defined]
    patience._keepalive = keepalive
    patience._often = 0.05
    patience.look_at(0.0)


async def test_a_silent_client_is_let_go_without_a_word() -> None:
    peer = Peer(ours=True, least=0, limits=limits(header_timeout=SOON))
    assert await until_closed(peer) == []
    await peer.over()


@pytest.mark.parametrize("head", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n\r"])
async def test_a_head_that_does_not_end_is_answered_408(head: bytes) -> None:
    peer = Peer(ours=True, least=0, limits=limits(header_timeout=SOON))
    await peer.send(head)
    assert await until_closed(peer) == [408]
    await peer.over()


async def test_a_head_by_the_byte_has_no_more_time_than_another() -> None:
    peer = Peer(ours=True, least=0, limits=limits(header_timeout=SOON))
    await peer.send(b"GET / HTTP/1.1\r\nX: ")
    async with asyncio.timeout(10):
        while not peer.transport.closed:
            await peer.send(b"x")
            await asyncio.sleep(0.01)
    assert [answer.status for answer in read(peer.transport.written)] == [408]
    await peer.over()


async def test_a_body_that_stops_is_answered_408_and_the_app_hears_of_it() -> None:
    peer = Peer(ours=True, least=0, limits=limits(body_timeout=SOON))
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhello")
    assert len(peer.state.tasks) == 1
    assert await until_closed(peer) == [408]
    await peer.settle()
    assert not peer.state.tasks
    await peer.over()


async def test_bytes_of_a_body_buy_time() -> None:
    peer = Peer(ours=True, least=0, limits=limits(body_timeout=SOON, body_pace=1))
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + b"x" * 4990)
    quick(peer)
    await asyncio.sleep(3 * SOON)
    assert not peer.transport.closed
    await peer.send(b"x" * 10)
    assert [answer.status for answer in read(peer.transport.written)] == [200]
    await peer.over()


async def test_a_body_that_the_app_does_not_read_is_not_the_clients_fault() -> None:
    wanted = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wanted.wait()
        size = 0
        while True:
            message = await receive()
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    peer = Peer(ours=True, least=0, limits=limits(body_timeout=SOON), app=app)
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 70000)
    assert not peer.transport.reading
    await asyncio.sleep(3 * SOON)
    assert not peer.transport.closed
    wanted.set()
    await peer.settle()
    await peer.send(b"x" * 30000)
    assert [answer.status for answer in read(peer.transport.written)] == [200]
    await peer.over()


async def test_who_waits_for_100_continue_is_not_late() -> None:
    peer = Peer(ours=True, least=0, limits=limits(body_timeout=SOON), app=_waiting)
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    quick(peer)
    await asyncio.sleep(3 * SOON)
    assert not peer.transport.closed
    await peer.over()


async def _waiting(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(NEVER)


async def test_an_idle_connection_is_closed_after_the_keepalive() -> None:
    peer = Peer(ours=True, least=0, limits=limits())
    await peer.send(b"GET / HTTP/1.1\r\n\r\n")
    quick(peer, keepalive=SOON)
    assert await until_closed(peer) == [200]
    await peer.over()


async def test_one_that_is_refused_again_and_again_is_not_idle() -> None:
    peer = Peer(ours=True, limits=limits())
    quick(peer, keepalive=4 * SOON)
    for _ in range(20):
        await peer.send(b"GET / HTTP/1.1\r\n\r\n")
        await asyncio.sleep(SOON / 2)
    assert not peer.transport.closed
    assert early(peer.door) == 20
    assert await until_closed(peer) == [503] * 20
    await peer.over()


async def test_a_request_that_is_served_has_time() -> None:
    peer = Peer(ours=True, least=0, limits=limits(header_timeout=SOON, body_timeout=SOON), app=_waiting)
    await peer.send(b"GET / HTTP/1.1\r\n\r\n")
    quick(peer, keepalive=SOON)
    await asyncio.sleep(3 * SOON)
    assert not peer.transport.closed
    await peer.over()


@pytest.mark.parametrize("closing", [False, True])
async def test_who_takes_nothing_of_the_answer_is_cut_off(closing: bool) -> None:
    peer = Peer(ours=True, least=0, limits=limits(send_timeout=SOON), app=_waiting)
    await peer.send(b"GET / HTTP/1.1\r\n\r\n")
    if closing:
        peer.transport.close()
    else:
        peer.protocol.pause_writing()
    async with asyncio.timeout(10):
        await peer.transport.cut.wait()
    await peer.over()


async def test_an_unwanted_body_is_read_for_a_second() -> None:
    peer = Peer(ours=True, limits=limits())
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100)
    (answer,) = read(peer.transport.written)
    assert answer.status == 503
    assert answer.complete
    assert (b"connection", b"close") in answer.headers
    assert not peer.transport.closed
    assert await until_closed(peer) == [503]
    await peer.over()


async def test_an_unwanted_body_is_read_up_to_a_megabyte() -> None:
    peer = Peer(ours=True, limits=limits())
    await peer.send(b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n", *[b"x" * 100_000] * 12)
    assert peer.transport.closed
    assert [answer.status for answer in read(peer.transport.written)] == [503]
    await peer.over()


async def test_shutdown_lets_a_refusal_arrive_and_closes_the_idle() -> None:
    refused, idle = Peer(ours=True, limits=limits()), Peer(ours=True, limits=limits())
    await refused.send(b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nx")
    await idle.send(b"GET / HTTP/1.1\r\n\r\n")
    for peer in (refused, idle):
        peer.protocol.shutdown()
    assert idle.transport.closed
    assert not refused.transport.closed
    await until_closed(refused)
    await refused.over()
    await idle.over()


@pytest.mark.parametrize("pieces", [1, 7, 40])
async def test_a_large_head_is_answered_431(pieces: int) -> None:
    head = b"GET / HTTP/1.1\r\n" + b"X-H: %s\r\n" % (b"v" * 90) * 100 + b"\r\n"
    peer = Peer(ours=True, least=0, limits=limits(header_bytes=4096))
    step = len(head) // pieces + 1
    await peer.send(*(head[at : at + step] for at in range(0, len(head), step)))
    assert [answer.status for answer in read(peer.transport.written)] == [431]
    assert await until_closed(peer) == [431]
    await peer.over()


@pytest.mark.parametrize("pieces", [1, 7, 40])
async def test_a_head_within_the_limit_is_served(pieces: int) -> None:
    body = b"B" * 5000
    head = b"GET / HTTP/1.1\r\n" + b"X-H: %s\r\n" % (b"v" * 90) * 30 + b"\r\n"
    whole = b"POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + body + head
    peer = Peer(ours=True, least=0, limits=limits(header_bytes=4096))
    step = len(whole) // pieces + 1
    await peer.send(*(whole[at : at + step] for at in range(0, len(whole), step)))
    assert [answer.status for answer in read(peer.transport.written)] == [200, 200]
    await peer.over()


async def test_a_large_head_behind_a_request_in_progress_waits_for_its_answer() -> None:
    wanted = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wanted.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    peer = Peer(ours=True, least=0, limits=limits(header_bytes=4096), app=app)
    await peer.send(b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nX: ", b"x" * 5000, b"x" * 5000)
    assert not peer.transport.written
    wanted.set()
    assert await until_closed(peer) == [200, 431]
    await peer.over()


async def test_garbage_behind_a_request_in_progress_waits_for_its_answer() -> None:
    wanted = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await wanted.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    peer = Peer(ours=True, least=0, app=app)
    await peer.send(b"GET / HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n")
    assert not peer.transport.written
    wanted.set()
    assert await until_closed(peer) == [200, 400]
    await peer.over()


async def test_nothing_is_left_behind() -> None:
    from holdfast.policy.deadline.wheel import current

    before = current().waiting()
    for _ in range(50):
        peer = Peer(ours=True)
        await peer.send(b"GET / HTTP/1.1\r\n\r\n")
        await peer.over()
    assert current().waiting() == before
