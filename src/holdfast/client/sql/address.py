"""Where the database is, and the driver that speaks to it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from holdfast.budget.address import address
from holdfast.errors import UsageError

__all__ = ["asynchronous", "blocking", "database_url"]

_BACKENDS = {"postgres": "postgresql", "mysql": "mysql", "mariadb": "mariadb"}
"""What platforms hand out, "postgres://...", by the name that SQLAlchemy has for it."""

_ASYNCHRONOUS = {"postgresql": "asyncpg", "sqlite": "aiosqlite", "mysql": "asyncmy", "mariadb": "asyncmy"}
"""The driver of an address that names none."""

_BLOCKING = {"asyncpg": "psycopg", "aiosqlite": "pysqlite", "asyncmy": "pymysql", "aiomysql": "pymysql"}
"""The driver for threads, of an address that names one for coroutines."""

_TLS = {"asyncpg": ("sslmode", "ssl"), "psycopg": ("ssl", "sslmode"), "psycopg2": ("ssl", "sslmode")}
"""The name of one parameter: as the address may have it, and as the driver wants it."""


def database_url(name: str, variable: str | None, environ: Mapping[str, str]) -> URL:
    """Return the URL that `variable` holds, or the file that `variable`_FILE names, as it is written there.

    Raises UsageError, placed at the variable, if there is none or it is not the address of a database.
    """
    value = address(name, variable, environ)
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        # The value may hold a password, so it is not repeated.
        message = "expected an address such as postgresql://user@host/database"
        raise UsageError(message, place=variable or "") from error
    return url.set(drivername=_BACKENDS.get(url.drivername, url.drivername))


def asynchronous(url: URL, place: str) -> URL:
    """Return `url` with a driver for coroutines.

    Raises UsageError, at `place`, where it is not installed, or is one for threads only.
    """
    backend, _, driver = url.drivername.partition("+")
    driver = driver or _ASYNCHRONOUS.get(backend, "")
    url = _with(url, backend, driver)
    if not _dialect(url, place).get_async_dialect_cls(url).is_async:
        raise UsageError(
            f"{url.drivername} knows no asyncio; expected such as postgresql+asyncpg", place=place
        )
    return url


def blocking(url: URL, place: str) -> URL:
    """Return `url` with a driver for threads. Raises UsageError, at `place`, where it is not installed."""
    backend, _, driver = url.drivername.partition("+")
    driver = driver or _ASYNCHRONOUS.get(backend, "")
    url = _with(url, backend, _BLOCKING.get(driver, driver))
    _dialect(url, place)
    return url


def _with(url: URL, backend: str, driver: str) -> URL:
    url = url.set(drivername=f"{backend}+{driver}" if driver else backend)
    other, name = _TLS.get(driver, ("", ""))
    if other in url.query:
        query = dict(url.query)
        query[name] = query.pop(other)
        url = url.set(query=query)
    return url


def _dialect(url: URL, place: str) -> type[Dialect]:
    """Return the dialect of an installed driver; what is missing is said now, not later."""
    try:
        dialect = url.get_dialect()
        dialect.get_async_dialect_cls(url).import_dbapi()
    except NoSuchModuleError as error:
        raise UsageError(f"{url.drivername} is no database that SQLAlchemy knows", place=place) from error
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{url.drivername} needs {error.name}: pip install {error.name}", place=place
        ) from error
    return dialect
