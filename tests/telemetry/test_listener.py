"""The accept queue of a real socket, as this kernel tells it."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from holdfast.telemetry import listener
from holdfast.telemetry.board import Board
from holdfast.telemetry.exposition import render

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_who_waits_is_counted(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listening = socket.create_server((address, 0), family=family, backlog=7)
    except OSError:
        pytest.skip(f"{address} is not an address of this machine")
    with listening:
        inode = os.fstat(listening.fileno()).st_ino
        assert listener.waiting(inode) == (0, 7)
        clients = [socket.create_connection(listening.getsockname()[:2]) for _ in range(3)]
        assert listener.waiting(inode) == (3, 7)
        assert listener._read(inode) == (3, None)
        listening.accept()[0].close()
        assert listener.waiting(inode) == (2, 7)
        for client in clients:
            client.close()
    assert listener.waiting(inode) is None


def test_without_sock_diag_the_queue_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(family: int, inode: int) -> None:
        raise PermissionError

    monkeypatch.setattr(listener, "_asked", refused)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert listener.waiting(os.fstat(listening.fileno()).st_ino) == (0, None)


def test_drops_are_counted_from_the_start_of_the_service() -> None:
    before = listener.dropped()
    assert before is not None
    board = Board.private()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        board.listener = os.fstat(listening.fileno()).st_ino, before
        clients = []
        for _ in range(6):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(listening.getsockname())
            clients.append(client)
        text = render(board).decode()
        for client in clients:
            client.close()
    assert "holdfast_accept_backlog_limit 0.0" in text
    dropped = next(line for line in text.splitlines() if line.startswith("holdfast_accept_dropped_total"))
    assert float(dropped.split()[1]) >= 1


def test_where_the_supervisor_opened_no_socket_nothing_is_said() -> None:
    assert "\nholdfast_accept_backlog " not in render(Board.private()).decode()
