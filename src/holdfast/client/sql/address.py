"""Where the database is, and the driver that speaks to it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from holdfast.budget.address import address
from holdfast.errors import UsageError

__all__ = ["database_url"]

_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
"""What an address without a driver means; platforms hand out "postgres://..."."""


def database_url(name: str, variable: str | None, environ: Mapping[str, str]) -> URL:
    """Return the URL that `variable` holds, or the file that `variable`_FILE names, with an async driver.

    Raises UsageError, placed at the variable, if there is none it is not the address of a database,
    or the driver is not installed or knows no asyncio.
    """
    value = address(name, variable, environ)
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        # The value may hold a password, so it is not repeated.
        message = "expected an address such as postgresql://user@host/database"
        raise UsageError(message, place=variable or "") from error
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    _usable(url, variable or "")
    return url


def _usable(url: URL, place: str) -> None:
    """Raise UsageError unless the driver is installed and knows asyncio: now, not with the first request."""
    try:
        dialect = url.get_dialect().get_async_dialect_cls(url)
        dialect.import_dbapi()
    except NoSuchModuleError as error:
        raise UsageError(f"{url.drivername} is no database that SQLAlchemy knows", place=place) from error
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{url.drivername} needs {error.name}: pip install {error.name}", place=place
        ) from error
    if not dialect.is_async:
        raise UsageError(
            f"{url.drivername} knows no asyncio; expected such as postgresql+asyncpg", place=place
        )
