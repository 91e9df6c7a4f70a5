"""Clients that announce a body, send half of it and stop: they keep nobody out."""

from __future__ import annotations

import select
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.chaos.held import SOURCE
from tests.serve.running import Service, get, until

LIMIT = 8
SHARE = LIMIT // 2

BUDGET = f"""
    [objective]
    p99 = "500ms"

    [admission]
    limit = {LIMIT}
    queue = 0

    [deadline]
    default = "60s"

    [drain]
    announce = "0s"
    grace = "65s"

    [connection]
    body_timeout = "60s"
"""

HEAD = b"POST /read HTTP/1.1\r\nhost: x\r\n"
SMALL = HEAD + b"content-length: 100\r\n\r\n" + b"x" * 50
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"
LARGE = HEAD + b"content-length: 1000000\r\n\r\n" + b"x" * 70_000

UPLOAD = [b"10000\r\n" + b"y" * 65536 + b"\r\n"] * 5
GOOD = (
    [b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"],
    [HEAD + b"content-length: 5\r\n\r\nhello"],
    [HEAD + b"content-length: 5\r\n\r\n", b"he", b"llo"],
    [HEAD + b"transfer-encoding: chunked\r\n\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n"],
    [HEAD + b"transfer-encoding: chunked\r\n\r\n", *UPLOAD, b"0\r\n\r\n"],
    [HEAD + b"content-length: 300000\r\n\r\n", *[b"z" * 50_000] * 6],
)


def connect(service: Service) -> socket.socket:
    host, _, port = service.address.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def ask(service: Service, pieces: list[bytes]) -> int:
    """Send a request piece by piece; return the status."""
    with connect(service) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return int(connection.recv(65536)[9:12])


def inside(service: Service) -> int:
    return int(service.workers()[0]["in_flight"])


class Attack:
    """Half bodies, as many as are wanted; none is ended but by the service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.connections: list[socket.socket] = []

    def send(self, half: bytes) -> None:
        connection = connect(self._service)
        self.connections.append(connection)
        connection.sendall(half)

    def answered(self) -> Counter[bytes]:
        """Return how many were answered, and by which status; none of them is asked to wait for it."""
        ready, _, _ = select.select(self.connections, [], [], 0)
        return Counter(connection.recv(64, socket.MSG_PEEK)[9:12] for connection in ready)


@contextmanager
def attack(service: Service) -> Iterator[Attack]:
    found = Attack(service)
    try:
        yield found
    finally:
        for connection in found.connections:
            connection.close()


@pytest.mark.parametrize("server", ["gunicorn", "granian"])
def test_half_bodies_keep_nobody_out(start: Callable[..., Service], server: str) -> None:
    service = start(SOURCE, "--workers", "1", budget=BUDGET, server=server).serving()
    with attack(service) as attackers:
        # Many times as many as there are places. Those of the first kind take none.
        for _ in range(5 * LIMIT):
            attackers.send(SMALL)
        for _ in range(5 * LIMIT):
            attackers.send(CHUNKED)
        until(lambda: inside(service) == SHARE, "as many as may to be let in")
        for number in range(1, 4):
            attackers.send(LARGE)
            until(lambda n=number: attackers.answered().total() == n, "the longest to be ended")  # type: ignore[misc]
        assert attackers.answered() == {b"408": 3}
        small = attackers.connections[: 5 * LIMIT]

        statuses: Counter[int] = Counter()
        done = threading.Event()

        def more() -> None:
            while not done.wait(0.01):
                attackers.send(SMALL)
                attackers.send(CHUNKED)

        attacking = threading.Thread(target=more)
        attacking.start()
        try:
            for _ in range(10):
                statuses.update(ask(service, pieces) for pieces in GOOD)
        finally:
            done.set()
            attacking.join()
        assert statuses == {200: 10 * len(GOOD)}
        assert get(service.admin, "/readyz").status == 200
        # Whoever goes on is served, however long it took.
        for connection in small:
            connection.sendall(b"x" * 50)
            assert connection.recv(65536)[9:12] == b"200"
    until(lambda: inside(service) == 0, "the places to come back")
