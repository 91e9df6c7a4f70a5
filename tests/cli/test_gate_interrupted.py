"""A gate that is ended at any moment leaves no process and no open port."""

from __future__ import annotations

import socket

import pytest

from tests.cli.gates import Gates
from tests.cli.moments import KILL, MOMENTS, Ended


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def ended(gates: Gates) -> dict[str, Ended]:
    gates.wait()  # for the others too: a port that was given back may be another gate's by now
    return gates.results(gates.interrupted)


@pytest.mark.parametrize("name", MOMENTS)
def test_nothing_is_left(ended: dict[str, Ended], name: str) -> None:
    found = ended[name]
    assert found.left == []
    assert [port for port in found.ports if not free(port)] == []
    if MOMENTS[name].said not in ("wiring", "starting"):
        # gate, service and supervisor, worker, stand-in and driver, each with what ties it to the gate
        assert len(found.before) >= 6, "what ran was seen running"
        assert len(found.ports) >= 3


@pytest.mark.parametrize("name", MOMENTS)
def test_it_ends_as_the_table_of_exit_codes_says(ended: dict[str, Ended], name: str) -> None:
    killed = KILL in MOMENTS[name].signals
    assert ended[name].code == (-KILL if killed else 130)
    assert "Traceback" not in ended[name].stderr
    if not killed:
        assert ended[name].stderr == ""
        assert ended[name].scratch == [], "temporary files go with it"
