"""Too much of everything that a client can send: connections, headers, bodies."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from tests.chaos.clients import crowd, steady
from tests.chaos.conftest import Launch
from tests.chaos.held import Held
from tests.serve.running import get, until

MANY = 10_000

MIB = 1 << 20

HALF = b"GET / HTTP/1.1\r\nhost: x\r\nx-some: thing"


@contextmanager
def descriptors(wanted: int) -> Iterator[int]:
    """Allow this process and its children `wanted` and a few more descriptors, or fewer; yield how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted + 500 if hard == resource.RLIM_INFINITY else min(wanted + 500, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    elif soft != resource.RLIM_INFINITY:
        most = min(soft, wanted + 500)
    try:
        yield most - 500
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(held: Held) -> socket.socket:
    host, _, port = held.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=10)


def closed(connection: socket.socket) -> bool:
    """Whether the other side has closed or reset it, whatever it said before."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_ten_thousand_slow_or_silent_connections_keep_nobody_out(
    launch: Launch, capsys: pytest.CaptureFixture[str]
) -> None:
    with descriptors(MANY) as many:
        if many < MANY:
            with capsys.disabled():
                print(f"\nulimit -n permits {many} connections, not {MANY}")
        held = launch()
        usual = [steady("/slow?ms=20", keep=number % 2 == 0) for number in range(8)]
        with crowd(held.address, *usual) as found:
            until(lambda: found.count() > 50, "the load")
        before = held.settled()
        crowded: list[socket.socket] = []
        bodies: list[socket.socket] = []
        with crowd(held.address, *usual) as found:
            try:
                for number in range(many):
                    connection = connect(held)
                    crowded.append(connection)
                    connection.send(HALF[: number % len(HALF)])
                    if number > 3000:  # and some go on, a byte at a time
                        with suppress(OSError):
                            crowded[number - 3000].send(b"x")
                # Bodies that do not come, three times as many as there are places.
                for _ in range(200):
                    slow = connect(held)
                    bodies.append(slow)
                    slow.send(b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nbody")
                served = found.count()
                until(lambda: found.count() > served + 100, "those who behave to be served")
                assert get(held.admin, "/readyz").status == 200
                # The slow ones are sent away by the timeouts of [connection]; whoever is silent, too.
                until(lambda: all(closed(each) for each in crowded), "the slow ones to be sent away")
            finally:
                for connection in crowded + bodies:
                    connection.close()
        assert not found.lost(), found.hows()
        assert found.count() >= 0.9 * len(found.ended), found.hows()
        after = held.returns_to(before)
        # Ten thousand protocol objects have come and gone; an allocator may keep some of that.
        assert after.rss < before.rss + 30 * MIB, (before, after)
        assert held.service.state()["killed"] == 0


@dataclass(frozen=True, slots=True)
class Flooded:
    """Bytes that went, whether the service ended it before we lost patience, and what it said."""

    sent: int
    ended: bool
    said: bytes


def flood(held: Held, pieces: Iterator[bytes], at_most: int) -> Flooded:
    """Send until the service has had enough, or `at_most` bytes."""
    connection = connect(held)
    sent, said, ended = 0, b"", False
    with connection:
        connection.settimeout(20)
        try:
            for piece in pieces:
                connection.sendall(piece)
                sent += len(piece)
                if sent >= at_most:
                    break
        except TimeoutError:
            return Flooded(sent, False, b"")
        except OSError:
            ended = True  # what it said is still to be read, unless a reset took it
        with suppress(OSError):
            said = connection.recv(65536)
    return Flooded(sent, ended, said)


def huge_header() -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\nhost: x\r\nx-large: "
    while True:
        yield b"a" * 65536


def many_headers() -> Iterator[bytes]:
    yield b"GET / HTTP/1.1\r\nhost: x\r\n"
    number = 0
    while True:
        yield b"".join(b"x-%d: y\r\n" % n for n in range(number, number + 1000))
        number += 1000


def long_target() -> Iterator[bytes]:
    yield b"GET /"
    while True:
        yield b"a" * 65536


@pytest.mark.parametrize("kind", [huge_header, many_headers, long_target])
def test_a_flood_of_headers_is_cut_off_and_keeps_nothing(launch: Launch, kind: object) -> None:
    assert callable(kind)
    held = launch()
    get(held.address, "/")
    before = held.settled()
    outcomes: list[Flooded] = []

    def attack() -> None:
        outcomes.append(flood(held, kind(), 16 * MIB))

    with crowd(held.address, *[steady("/", keep=True, pause=0.02) for _ in range(4)]) as found:
        threads = [threading.Thread(target=attack) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(outcomes) == 10
    # Far less than was on offer was taken: the sockets' buffers hold some megabytes by themselves.
    assert all(outcome.ended and outcome.sent < 16 * MIB for outcome in outcomes), outcomes
    assert all(not outcome.said or outcome.said.startswith(b"HTTP/1.1 4") for outcome in outcomes), outcomes
    assert found.hows().keys() == {200}, found.hows()
    assert found.longest() < 5.0
    after = held.returns_to(before)
    assert after.rss < before.rss + 16 * MIB, (before, after)


def test_thousands_of_tiny_header_lines_are_answered_one_way_or_the_other(launch: Launch) -> None:
    held = launch()
    lines = b"".join(b"a%d:b\r\n" % number for number in range(5000))
    connection = connect(held)
    with connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n" + lines + b"\r\n")
        connection.settimeout(10)
        said = connection.recv(65536)
    assert int(said[9:12]) in {200, 400, 413, 431}
    assert get(held.address, "/").status == 200


def endless(path: str) -> Iterator[bytes]:
    yield f"POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    while True:
        yield b"1000\r\n" + b"z" * 4096 + b"\r\n"


def test_endless_chunked_bodies_are_ended_by_the_service(launch: Launch) -> None:
    held = launch()
    get(held.address, "/")
    before = held.settled()
    outcomes: list[Flooded] = []

    def attack(path: str) -> None:
        outcomes.append(flood(held, endless(path), 1 << 40))

    with crowd(held.address, *[steady("/", keep=True, pause=0.02) for _ in range(4)]) as found:
        threads = [
            threading.Thread(target=attack, args=(path,)) for path in 2 * ("/read", "/ignore", "/nowhere")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(outcomes) == 6
    assert all(outcome.ended for outcome in outcomes), outcomes
    assert found.hows().keys() == {200}, found.hows()
    after = held.returns_to(before)
    assert after.rss < before.rss + 16 * MIB, (before, after)


def test_clients_that_take_nothing_of_their_answers_give_their_places_back(launch: Launch) -> None:
    held = launch()
    get(held.address, "/stream?chunks=2")
    before = held.settled()
    greedy = []
    for _ in range(40):
        connection = connect(held)
        greedy.append(connection)
        # A small window, or the kernel takes megabytes for a client that reads nothing.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
    until(lambda: held.service.workers()[0]["in_flight"] >= 30, "them to be served")
    # The places come back though nobody has hung up.
    after = held.returns_to(before)
    assert after.rss < before.rss + 16 * MIB, (before, after)
    for connection in greedy:
        connection.close()
