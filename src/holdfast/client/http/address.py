"""Where the dependency is: the base URL from the environment variable that the budget names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx2

from holdfast.errors import UsageError

__all__ = ["base_url"]


def base_url(name: str, variable: str | None, environ: Mapping[str, str]) -> httpx2.URL:
    """Return the URL that `variable` holds, or the file that `variable`_FILE names.

    Raises UsageError, placed at the variable, if there is none or it is not an http(s) URL with a host.
    """
    if variable is None:
        raise UsageError(
            f'expected url_env, the variable with the address of "{name}"', place=f"dependency.{name}"
        )
    url = _parsed(_value(name, variable, environ), variable)
    if url.scheme not in ("http", "https") or not url.host:
        # The value may hold a password, so it is not repeated.
        raise UsageError("expected an address such as http://host:port", place=variable)
    return url


def _value(name: str, variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable, "").strip()
    if value:
        return value
    file = environ.get(f"{variable}_FILE", "").strip()
    if not file:
        raise UsageError(f'not set, but the dependency "{name}" has its address there', place=variable)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"cannot read {file}: {reason}", place=f"{variable}_FILE") from error


def _parsed(value: str, variable: str) -> httpx2.URL:
    try:
        return httpx2.URL(value)
    except httpx2.InvalidURL as error:
        raise UsageError("expected an address such as http://host:port", place=variable) from error
