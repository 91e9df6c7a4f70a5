"""Where the database is: what cannot be used is said at start, in one line, without the password."""

from __future__ import annotations

import pytest

from holdfast.client.sql.address import asynchronous, blocking, database_url
from holdfast.errors import UsageError


@pytest.mark.parametrize(
    ("given", "coroutines", "threads"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg", "postgresql+psycopg"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg", "postgresql+psycopg"),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg", "postgresql+psycopg"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg", "postgresql+psycopg"),
        ("mysql://u:p@h/d", "mysql+asyncmy", "mysql+pymysql"),
        ("mariadb://u:p@h/d", "mariadb+asyncmy", "mariadb+pymysql"),
        ("sqlite:///shop.db", "sqlite+aiosqlite", "sqlite+pysqlite"),
    ],
)
def test_an_address_gets_a_driver_for_coroutines_and_one_for_threads(
    given: str, coroutines: str, threads: str
) -> None:
    url = database_url("db", "DB", {"DB": given})
    assert asynchronous(url, "DB").drivername == coroutines
    assert blocking(url, "DB").drivername == threads
    assert asynchronous(url, "DB").password == url.password


def test_each_driver_is_told_of_tls_in_its_own_words() -> None:
    for given in ("?sslmode=require", "?ssl=require"):
        url = database_url("db", "DB", {"DB": f"postgres://h/d{given}"})
        assert dict(asynchronous(url, "DB").query) == {"ssl": "require"}
        assert dict(blocking(url, "DB").query) == {"sslmode": "require"}


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
        asynchronous(database_url("db", "DB", {"DB": given}), "DB")
    assert "secret" not in str(raised.value)
    assert raised.value.place == "DB"
