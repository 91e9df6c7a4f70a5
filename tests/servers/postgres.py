"""A PostgreSQL of our own for the session: a free port, a temporary directory, gone afterwards.

`postgres` is the server, `postgres_url` an empty database on it, `standby` a server that replicates it. Where
no PostgreSQL is installed its tests are skipped, and fail where CI=true: there nobody reads what was skipped.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

USER = "holdfast"
START_SECONDS = 30.0
STOP_SECONDS = 10.0

# Durability is of no use to a test: without it the server starts and commits in a fraction of the time.
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1")


@dataclass(slots=True)
class Postgres:
    """A running server."""

    binaries: Path
    port: int
    data: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"test_{next(self._numbers)}"
        command = [str(self.binaries / "createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", USER, name]
        subprocess.run(command, check=True, capture_output=True, timeout=START_SECONDS)
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run a server for the session."""
    binaries = find_binaries()
    if binaries is None:
        reason = "no postgres binary on PATH or in /usr/lib/postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Not below pytest's own temporary directory, which the account that the server runs as cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="holdfast-postgres-"))
    try:
        with running(binaries, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def standby(postgres: Postgres) -> Iterator[Postgres]:
    """Run a server that replicates all of `postgres`, as it streams it."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-standby-"))
    try:
        with replicating(postgres, folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """Return the URL of an empty database."""
    return postgres.create_database()


def by_asyncpg(url: str) -> str:
    """Return the URL for SQLAlchemy with asyncpg, without TLS.

    Asked for TLS where there is none, asyncpg says of a connection that is cancelled while it is made
    "unexpected connection_lost() call", to nobody.
    """
    return url.replace("postgresql://", "postgresql+asyncpg://") + "?ssl=disable"


def find_binaries() -> Path | None:
    """Return the folder of the newest server installed, None where there is none."""
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return max((path.parent for path in versions), key=lambda path: float(path.parent.name), default=None)


@contextlib.contextmanager
def running(binaries: Path, folder: Path) -> Iterator[Postgres]:
    """Run a server with its data below `folder`; stop it at the end, whatever happened."""
    account = dropped_privileges()
    if account:
        shutil.chown(folder, account["user"], account["group"])
    data = folder / "data"
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, timeout=START_SECONDS, **account)
    with serving(binaries, data) as server:
        yield server


@contextlib.contextmanager
def replicating(primary: Postgres, folder: Path) -> Iterator[Postgres]:
    """Run a standby that streams from `primary`, with its data below `folder`; stop it at the end."""
    account = dropped_privileges()
    if account:
        shutil.chown(folder, account["user"], account["group"])
    data = folder / "data"
    copy = [str(primary.binaries / "pg_basebackup"), "-D", str(data), "-R", "-X", "stream", "--no-sync"]
    copy += ["-c", "fast", "-h", "127.0.0.1", "-p", str(primary.port), "-U", USER]
    subprocess.run(copy, check=True, capture_output=True, cwd=folder, timeout=START_SECONDS, **account)
    with serving(primary.binaries, data) as server:
        yield server


@contextlib.contextmanager
def serving(binaries: Path, data: Path) -> Iterator[Postgres]:
    """Run a server over `data`; stop it at the end, whatever happened."""
    account, folder, port = dropped_privileges(), data.parent, free_port()
    command = [str(binaries / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    command += [argument for setting in SETTINGS for argument in ("-c", setting)]
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, **account)
    try:
        wait_until_ready(binaries, port, server, log)
        yield Postgres(binaries, port, data)
    finally:
        server.send_signal(signal.SIGQUIT)  # "immediate shutdown": of all that it would save nothing is kept
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def dropped_privileges() -> dict[str, Any]:
    """Return what makes a child run as somebody else where we are root: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(binaries: Path, port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server accepts connections; fail with its log when it ended or takes too long."""
    probe = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    limit = time.monotonic() + START_SECONDS
    while subprocess.run(probe, check=False, timeout=START_SECONDS).returncode != 0:
        if server.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"postgres did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)
