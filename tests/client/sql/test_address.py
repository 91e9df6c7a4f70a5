"""Where the database is: what cannot be used is said at start, in one line, without the password."""

from __future__ import annotations

import pytest

from holdfast.client.sql.address import database_url
from holdfast.errors import UsageError


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg"),
        ("sqlite:///shop.db", "sqlite+aiosqlite"),
    ],
)
def test_an_address_without_a_driver_gets_one(given: str, driver: str) -> None:
    assert database_url("db", "DB", {"DB": given}).drivername == driver


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "not set"),
        ("secret but no address", "expected an address"),
        ("http://u:secret@h/d", "http is no database"),
        ("postgresql+pg8000://u:secret@h/d", "pg8000"),
        ("sqlite+pysqlite:///secret.db", "knows no asyncio"),
    ],
)
def test_what_cannot_be_used_is_a_usage_error(given: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        database_url("db", "DB", {"DB": given})
    assert "secret" not in str(raised.value)
    assert raised.value.place == "DB"
