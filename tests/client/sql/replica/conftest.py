from __future__ import annotations

import pytest

from tests.client.sql.replica.pair import Addresses
from tests.servers.postgres import Postgres


@pytest.fixture(scope="module")
def made(postgres: Postgres, standby: Postgres) -> Addresses:
    """The addresses of one database on both servers, for the tests of a module."""
    primary = postgres.create_database()
    replica = primary.replace(f":{postgres.port}/", f":{standby.port}/")
    return Addresses(f"{primary}?ssl=disable", f"{replica}?ssl=disable")
