"""A PostgreSQL and a Redis of this run: on ports of their own, with the load's core, gone afterwards."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import NOT_DECIDED, missing, program
from tests.servers.postgres import Postgres, find_binaries, running
from tests.servers.redis import RedisServer

__all__ = ["Servers", "started"]


@dataclass(frozen=True, slots=True)
class Servers:
    """Both of them."""

    postgres: Postgres
    redis: RedisServer

    def fresh(self) -> dict[str, str]:
        """Return an environment that names an empty database of each, and no payment provider."""
        self.redis.flush()
        own = {"DATABASE_URL": self.postgres.create_database(), "REDIS_URL": self.redis.url}
        return {name: value for name, value in os.environ.items() if name != "PAYMENTS_URL"} | own


@contextmanager
def started() -> Iterator[Servers]:
    """Run both while inside; end with NOT_DECIDED, naming what is missing, where one is not installed."""
    missing("asyncpg", "redis", "tenacity", "pytest")
    redis, binaries = program("redis-server", hint="apt install redis-server"), find_binaries()
    if binaries is None:
        print("missing: postgres (apt install postgresql)", file=sys.stderr)
    if redis is None or binaries is None:
        sys.exit(NOT_DECIDED)
    folder = Path(tempfile.mkdtemp(prefix="holdfast-failure-"))
    try:
        server = RedisServer(redis, folder)
        server.start()
        try:
            with running(binaries, folder) as postgres:
                yield Servers(postgres, server)
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
