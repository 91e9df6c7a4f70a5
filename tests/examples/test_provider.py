"""The payment provider, over real sockets."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from examples.shop.provider import REMEMBERED_KEYS, Charges
from tests.examples.conftest import ROOT, Provider, provided

CHARGE = b"POST /charges HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n%s\r\n{}"


@contextmanager
def connected(provider: Provider) -> Iterator[tuple[socket.socket, BinaryIO]]:
    host, port = provider.url.removeprefix("http://").split(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as connection,
        connection.makefile("rb") as answers,
    ):
        yield connection, cast(BinaryIO, answers)


def read(answers: BinaryIO) -> tuple[int, dict[str, object]]:
    status = int(answers.readline().split()[1])
    length = 0
    while line := answers.readline().strip():
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, json.loads(answers.read(length))


def test_each_charge_is_new_and_a_key_is_charged_once(provider: Provider) -> None:
    with connected(provider) as (connection, answers):
        found = []
        for header in (b"", b"", b"Idempotency-Key: a\r\n", b"idempotency-key: a\r\n"):
            connection.sendall(CHARGE % header)
            found.append(read(answers))
    assert [document["id"] for _, document in found] == [f"ch_{n:08d}" for n in (1, 2, 3, 3)]
    assert {(status, document["status"]) for status, document in found} == {(200, "paid")}
    assert provider.books() == {"requests": 4, "made": 3}


def test_pipelined_requests_are_answered_in_order(provider: Provider) -> None:
    with connected(provider) as (connection, answers):
        connection.sendall((CHARGE % b"") * 20)
        found = [read(answers)[1]["id"] for _ in range(20)]
    assert found == [f"ch_{n:08d}" for n in range(1, 21)]


def test_a_request_may_come_in_pieces(provider: Provider) -> None:
    with connected(provider) as (connection, answers):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in CHARGE % b"Idempotency-Key: pieces\r\n":
            connection.sendall(bytes([byte]))
        assert read(answers)[0] == 200


def test_what_is_not_http_ends_the_connection(provider: Provider) -> None:
    with connected(provider) as (connection, answers):
        connection.sendall(b"hello\r\n\r\n")
        assert read(answers)[0] == 400
        assert answers.read() == b""


def test_another_path_is_not_found(provider: Provider) -> None:
    with connected(provider) as (connection, answers):
        connection.sendall(b"GET /refunds HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read(answers)[0] == 404


def test_it_can_fail_and_then_charges_nothing() -> None:
    with provided("--failures", "1") as provider, connected(provider) as (connection, answers):
        connection.sendall(CHARGE % b"")
        assert read(answers)[0] == 500
        assert provider.books() == {"requests": 0, "made": 0}


def test_a_port_in_use_is_one_clear_line(provider: Provider) -> None:
    port = provider.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "examples.shop.provider", "--port", port]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert second.stderr == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_it_ends_when_it_is_told_to(provider: Provider) -> None:
    with connected(provider) as (connection, answers):
        connection.sendall(CHARGE % b"")
        read(answers)
        provider.stop()
    assert provider.process.returncode == 0


def test_the_oldest_keys_are_forgotten() -> None:
    charges = Charges()
    first = charges.charge(b"first")
    assert charges.charge(b"first") == first
    for number in range(REMEMBERED_KEYS):
        charges.charge(b"%d" % number)
    assert len(charges.by_key) == REMEMBERED_KEYS
    assert charges.charge(b"first") != first
