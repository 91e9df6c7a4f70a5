"""A MariaDB of our own for the session: a free port, a temporary directory, gone afterwards.

`mariadb` is the server, `mariadb_url` an empty database on it. Where none is installed its tests are skipped,
and fail where CI=true: there nobody reads what was skipped.
"""

from __future__ import annotations

import contextlib
import itertools
import os
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

from tests.servers.postgres import dropped_privileges, free_port

START_SECONDS = 60.0
STOP_SECONDS = 10.0
USER = "holdfast"

# Durability is of no use to a test, and a small server starts in a fraction of the time.
SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=8M",
    "--performance-schema=OFF",
    "--lc-messages=en_US",
)


@dataclass(slots=True)
class MariaDB:
    """A running server."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"test_{next(self._numbers)}"
        with self.connection() as connection:
            connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql://{USER}@127.0.0.1:{self.port}/{name}"

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """Connect as a user who may do everything."""
        import pymysql

        with contextlib.closing(pymysql.connect(host="127.0.0.1", port=self.port, user=USER)) as connection:
            yield connection


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Run a server for the session."""
    server, install = find("mariadbd", "mysqld"), find("mariadb-install-db", "mysql_install_db")
    if server is None or install is None:
        reason = "no mariadbd on PATH or in /usr/sbin"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="holdfast-mariadb-"))
    try:
        with running(server, install, folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> str:
    """Return the URL of an empty database."""
    return mariadb.create_database()


def find(*names: str) -> str | None:
    """Return the first of these programs that is installed."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


@contextlib.contextmanager
def running(server: str, install: str, folder: Path) -> Iterator[MariaDB]:
    """Run a server with its data below `folder`; stop it at the end, whatever happened."""
    account = dropped_privileges()
    if account:
        shutil.chown(folder, account["user"], account["group"])
    data, port, log, first = folder / "data", free_port(), folder / "log", folder / "first.sql"
    first.write_text(
        f"CREATE USER {USER}@127.0.0.1;\nGRANT ALL ON *.* TO {USER}@127.0.0.1 WITH GRANT OPTION;\n"
    )
    first.chmod(0o644)
    make = [install, "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    make += ["--auth-root-authentication-method=normal", "--innodb-log-file-size=8M"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, timeout=START_SECONDS, **account)
    command = [server, "--no-defaults", f"--datadir={data}", f"--port={port}", f"--init-file={first}"]
    command += [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", *SETTINGS]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, **account)
    try:
        wait_until_ready(port, process, log)
        yield MariaDB(port)
    finally:
        process.send_signal(signal.SIGKILL)  # of all that it would save nothing is kept
        process.wait(STOP_SECONDS)


def wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its log when it ended or takes too long."""
    limit = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
            if probe.recv(1):
                return
        if process.poll() is not None or time.monotonic() > limit:
            pytest.fail(f"mariadb did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)
