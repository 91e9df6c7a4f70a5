"""Redis servers of our own: free ports, temporary directories, gone afterwards.

`redis_url` is an empty database on a server that the session shares. `redis_server` is a server of the test's
own, which it may kill, pause and start again on the same port; a server that is started again is empty. Where
no Redis is installed its tests are skipped, and fail where CI=true: there nobody reads what was skipped.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from holdfast.gate.launch import port as ports

START_SECONDS = 30.0

# Nothing is kept: a server that comes back has lost what it knew, as one without persistence does.
SETTINGS = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--databases", "2")


@dataclass(slots=True)
class RedisServer:
    """A server on a port of its own. Every method returns when what it says is so."""

    binary: str
    folder: Path
    settings: tuple[str, ...] = ()
    port: int = field(default_factory=ports.free)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.folder / f"redis-{self.port}.log"

    def start(self) -> None:
        """Start it, empty, on the port that it always has."""
        assert self._process is None, "it runs already"
        where = ("--port", str(self.port), "--dir", str(self.folder))
        command = [self.binary, *where, *SETTINGS, *self.settings]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(command, cwd=self.folder, stdout=output, stderr=output)
        limit = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                pytest.fail(f"redis did not start:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a crash does: connections are reset, the port refuses, its memory is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def pause(self) -> None:
        """Stop it: connections stay and the kernel accepts more, and nothing is answered."""
        self._signal(signal.SIGSTOP)
        assert self._process is not None
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        """Let it go on: it answers what has arrived meanwhile."""
        self._signal(signal.SIGCONT)
        assert self._process is not None
        os.waitid(os.P_PID, self._process.pid, os.WCONTINUED | os.WNOWAIT)

    def restart(self) -> None:
        """Kill it and start it again: it has forgotten everything."""
        self.kill()
        self.start()

    def flush(self) -> None:
        """Forget all keys; scripts stay."""
        assert self.command("FLUSHALL").startswith(b"+OK")

    def answers(self) -> bool:
        """Whether it answers a ping within a second."""
        try:
            return self.command("PING", patience=1.0).startswith(b"+PONG")
        except OSError:
            return False

    def clients(self) -> int:
        """Count the connections that others have to it."""
        reply = self.command("CLIENT", "LIST").decode()
        return sum(" addr=" in line for line in reply.splitlines()) - 1

    def command(self, *words: str, patience: float = 10.0) -> bytes:
        """Send one command on a connection of its own and return the raw reply.

        Raises OSError, also when there is none for `patience` seconds.
        """
        parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in (word.encode() for word in words))
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience) as connection:
            connection.sendall(b"*%d\r\n%s" % (len(words), parts))
            with connection.makefile("rb") as reply:
                first = reply.readline()
                if first.startswith(b"$") and (length := int(first[1:])) >= 0:
                    first += reply.read(length + 2)
        return first

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)


def find_binary() -> str:
    """Return the path of redis-server; skip the test where there is none, or fail it in CI."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        reason = "no redis-server on PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Run a server for the session; nobody kills or pauses this one."""
    server = RedisServer(find_binary(), tmp_path_factory.mktemp("redis"))
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """Return the URL of an empty database on the session's server."""
    shared_redis.flush()
    return shared_redis.url


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Run a server of the test's own, to be killed, paused and restarted at will."""
    server = RedisServer(find_binary(), tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.kill()
