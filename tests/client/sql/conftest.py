from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

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


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: Any) -> str:
    """The address of an empty database, as platforms hand it out: without a driver."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
