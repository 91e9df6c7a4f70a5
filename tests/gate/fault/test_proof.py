from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from holdfast.errors import NotMeasured
from holdfast.gate.fault.proof import direct_connections, process_tree

CONNECT = """
import socket, subprocess, sys
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
if len(sys.argv) > 3:
    child = subprocess.Popen([sys.executable, "-c", sys.argv[3], *sys.argv[1:3]], start_new_session=True)
print("there", flush=True)
sys.stdin.read()
if len(sys.argv) > 3:
    child.wait()
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def test_connections_of_a_tree_are_found(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", CONNECT, "127.0.0.1", str(port), CONNECT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            process.stdout.readline()
            tree = process_tree(process.pid)
            assert process.pid in tree
            assert len(tree) == 2
            assert os.getpid() not in tree
            assert direct_connections(tree, {("127.0.0.1", port)}) == 2
            assert direct_connections({process.pid}, {("127.0.0.1", port)}) == 1
            assert direct_connections(tree, {("127.0.0.2", port)}) == 0
            assert direct_connections(tree, {("127.0.0.1", port + 1)}) == 0
            # The listener's own side is in this process, and its remote end is another port.
            assert direct_connections({os.getpid()}, {("127.0.0.1", port)}) == 0
        finally:
            process.communicate()
    assert process_tree(process.pid) == set()
    assert direct_connections(tree, {("127.0.0.1", port)}) == 0


def test_ipv4_mapped_and_ipv6(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with closing(socket.socket(socket.AF_INET6)) as mapped:
        mapped.connect(("::ffff:127.0.0.1", port))
        assert direct_connections({os.getpid()}, {("127.0.0.1", port)}) == 1
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    port = server.getsockname()[1]
    with server, closing(socket.create_connection(("::1", port))):
        assert direct_connections({os.getpid()}, {("::1", port)}) == 1
        assert direct_connections({os.getpid()}, {("127.0.0.1", port)}) == 0


def test_members_of_the_session_count_when_their_parent_is_gone(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    orphan = (
        "import os, subprocess, sys; "
        "subprocess.run([sys.executable, '-c', 'import os, subprocess, sys; "
        "subprocess.Popen([sys.executable, *sys.argv[1:]])', '-c', *sys.argv[1:]]); "
        "sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", orphan, CONNECT, "127.0.0.1", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"there\n"
            tree = process_tree(process.pid)
            assert len(tree) == 2
            assert direct_connections(tree, {("127.0.0.1", port)}) == 1
        finally:
            process.communicate()


def test_elsewhere_it_cannot_be_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NotMeasured, match="cannot be proved"):
        direct_connections({1}, {("127.0.0.1", 1)})
    with pytest.raises(NotMeasured, match="cannot be proved"):
        process_tree(1)
