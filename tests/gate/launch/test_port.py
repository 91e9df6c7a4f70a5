from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from holdfast.errors import NotMeasured, UsageError
from holdfast.gate.launch import port as ports


def test_free_ports_are_distinct_and_outside_the_ephemeral_range() -> None:
    given = [ports.free() for _ in range(50)]
    assert len(set(given)) == 50
    with socket.socket() as outgoing:
        outgoing.bind(("127.0.0.1", 0))
        assert outgoing.getsockname()[1] not in ports.candidates()
    for port in given:
        assert port in ports.candidates()
        assert not ports.in_use("127.0.0.1", port)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("32768\t60999\n", range(20000, 32768)),
        ("20000\t40000\n", range(40001, 65536)),
        ("15000\t65535\n", range(1024, 15000)),
        ("1024\t65535\n", range(20000, 65536)),
        (None, range(20000, 49152)),
    ],
)
def test_candidates_follow_the_kernel(
    setting: str | None, expected: range, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "range"
    if setting is not None:
        file.write_text(setting)
    monkeypatch.setattr(ports, "_EPHEMERAL", file)
    assert ports.candidates() == expected


def test_in_use() -> None:
    with ports.bound() as sock:
        port = sock.getsockname()[1]
        sock.listen()
        assert ports.in_use("127.0.0.1", port)
        with pytest.raises(OSError, match="in use"):
            ports.bind("127.0.0.1", port)
    assert not ports.in_use("127.0.0.1", port)


def test_a_listener_on_all_addresses_is_in_the_way() -> None:
    with socket.create_server(("", 0)) as server:
        assert ports.in_use("127.0.0.1", server.getsockname()[1])


def test_addresses_that_cannot_be_opened() -> None:
    with pytest.raises(UsageError, match=r"on 192\.0\.2\.1"):
        ports.in_use("192.0.2.1", 8000)
    with pytest.raises(UsageError, match=r"^192\.0\.2\.1: no port can be opened"):
        ports.free("192.0.2.1")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open any port")
def test_privileged_port() -> None:
    with pytest.raises(UsageError, match="Permission denied"):
        ports.in_use("127.0.0.1", 1)


def test_when_all_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with ports.bound() as sock:
        sock.listen()
        taken = sock.getsockname()[1]
        monkeypatch.setattr(ports, "candidates", lambda: range(taken, taken + 1))
        monkeypatch.setattr(ports, "_given", set())
        with pytest.raises(NotMeasured, match="no free port"):
            ports.bound()
