"""Where the dependency is: the base URL from the environment variable that the budget names."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

from holdfast.budget.address import address
from holdfast.errors import UsageError

__all__ = ["base_url"]


def base_url(name: str, variable: str | None, environ: Mapping[str, str]) -> httpx2.URL:
    """Return the URL that `variable` holds, or the file that `variable`_FILE names.

    Raises UsageError, placed at the variable, if there is none or it is not an http(s) URL with a host.
    """
    url = _parsed(address(name, variable, environ), variable or "")
    if url.scheme not in ("http", "https") or not url.host:
        # The value may hold a password, so it is not repeated.
        raise UsageError("expected an address such as http://host:port", place=variable or "")
    return url


def _parsed(value: str, variable: str) -> httpx2.URL:
    try:
        return httpx2.URL(value)
    except httpx2.InvalidURL as error:
        raise UsageError("expected an address such as http://host:port", place=variable) from error
