"""A RabbitMQ of our own for the session: free ports, a temporary directory, gone afterwards.

`rabbitmq` is the broker, started when the first test asks for it: it takes seconds. Where none is installed
its tests are skipped, and fail where CI=true: there nobody reads what was skipped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdfast.gate.launch import port as ports

START_SECONDS = 120.0
STOP_SECONDS = 10.0
SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Not the one on PATH, which changes to the account of the package's own service."""


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """A running broker."""

    port: int

    @property
    def url(self) -> str:
        """The URL of its default virtual host."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """Run a broker for the session."""
    if not SCRIPT.exists():
        reason = f"no RabbitMQ at {SCRIPT}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("rabbitmq")
    port, between, names = ports.free(), ports.free(), ports.free()
    (folder / "plugins").write_text("[].\n")
    (folder / "rabbit.conf").write_text("")
    environ = {
        **os.environ,
        "HOME": str(folder),  # of the cookie by which Erlang's nodes know each other
        "RABBITMQ_NODENAME": f"holdfast-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(between),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbit"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names),
    }
    log = folder / "out"
    with log.open("wb") as output:
        # A session of its own: Erlang starts a name server beside the broker, which outlives it.
        broker = subprocess.Popen(
            [str(SCRIPT)], env=environ, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_until_ready(broker, log)
        yield RabbitMQ(port)
    finally:
        os.killpg(broker.pid, signal.SIGKILL)
        broker.wait(STOP_SECONDS)
        end_names(environ)


def end_names(environ: dict[str, str]) -> None:
    """End Erlang's name server, which refuses to go until it has noticed that the broker is gone."""
    limit = time.monotonic() + STOP_SECONDS
    command = ["epmd", "-kill"]
    while b"Killed" not in subprocess.run(command, env=environ, check=False, capture_output=True).stdout:
        if time.monotonic() > limit:
            pytest.fail("Erlang's name server did not end")
        time.sleep(0.05)


def wait_until_ready(broker: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the broker says that it has started; fail with what it said when it ended or takes long."""
    limit = time.monotonic() + START_SECONDS
    while b"Starting broker... completed" not in log.read_bytes():
        if broker.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"rabbitmq did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)
