from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.servers.mariadb import MariaDB
from tests.servers.postgres import Postgres


@pytest.fixture(scope="module")
def emptied(postgres: Postgres) -> str:
    """One database for the tests of a module: emptying it takes a tenth of the time of making it."""
    return postgres.create_database()


@pytest.fixture
def postgres_url(emptied: str) -> str:
    async def empty() -> None:
        connection = await asyncpg.connect(emptied, ssl=False)
        try:
            await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        finally:
            await connection.close()

    asyncio.run(empty())
    # Without TLS: cancelled while it asks for it, asyncpg leaves a future whose error nobody fetches.
    return f"{emptied}?ssl=disable"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'notes.db'}"


@pytest.fixture(scope="module")
def emptied_mariadb(mariadb: MariaDB) -> str:
    """One database for the tests of a module, as above."""
    return mariadb.create_database()


@pytest.fixture
def mysql_url(mariadb: MariaDB, emptied_mariadb: str) -> str:
    name = emptied_mariadb.rpartition("/")[2]
    with mariadb.connection() as connection:
        cursor = connection.cursor()
        cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    return emptied_mariadb


@pytest.fixture(params=["sqlite", "postgres", "mysql"])
def url(request: Any) -> str:
    """The address of an empty database, as platforms hand it out: without a driver."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
