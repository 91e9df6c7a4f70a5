"""Leading the service to a proxy: the address in a dependency's URL, read and replaced.

Only host and port change; credentials, path and query stay as they were written. An HTTP service behind the
proxy therefore sees a Host header with the proxy's address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, urlsplit

from holdfast.errors import UsageError

__all__ = ["Endpoint", "Unproxied", "endpoint", "rewire"]

_PORTS = {
    "http": 80,
    "ws": 80,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "redis": 6379,
    "amqp": 5672,
}
_TLS = {"https", "rediss", "amqps", "wss"}
_DATABASES = {"postgres", "postgresql"}
_LOCAL = {"redis", "amqp"}  # their clients take a missing host for localhost
_TLS_QUERIES = {"ssl", "sslmode"}
_NO_TLS = {"disable", "allow", "prefer", "false", "0", "no"}  # libpq's modes that do not insist, and booleans
_USERINFO = re.compile(r"(//)[^/@]*@")


class Endpoint(NamedTuple):
    """Where a dependency listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Unproxied:
    """A dependency that no proxy can be put before; `why` goes into the result, e.g. "TLS: not measured"."""

    why: str


def endpoint(url: str, *, variable: str = "") -> Endpoint | Unproxied | None:
    """Return where `url` leads; None where no network is involved (SQLite).

    Raises UsageError, with `variable` as its place, when the URL is malformed.
    """
    scheme = url.partition(":")[0].partition("+")[0].lower()
    if scheme == "sqlite":
        return None
    if scheme == "unix" or "+unix:" in url.partition("//")[0].lower():
        return Unproxied("unix socket: not measured")
    parts = _split(url, variable)
    query = {name.lower(): values[-1].lower() for name, values in parse_qs(parts.query).items()}
    if scheme in _TLS or any(query.get(name, "disable") not in _NO_TLS for name in _TLS_QUERIES):
        return Unproxied("TLS: not measured")
    if "," in parts.netloc:
        return Unproxied("several hosts in one URL: not measured")
    if scheme in _DATABASES and query.keys() & {"host", "hostaddr", "port", "service"}:
        return Unproxied("address in the query of the URL: not measured")
    host = parts.hostname
    if not host:
        if scheme in _DATABASES:
            return Unproxied("unix socket: not measured")
        if scheme not in _LOCAL:
            raise _malformed(url, variable, "it names no host")
        host = "localhost"
    port = _port(parts, url, variable) or _PORTS.get(scheme)
    if port is None:
        return Unproxied(f"no port in a {scheme} URL: not measured")
    return Endpoint(host, port)


def rewire(url: str, host: str, port: int, *, variable: str = "") -> str:
    """Return `url` with its address replaced by `host`:`port`; UsageError where `endpoint` has none."""
    where = endpoint(url, variable=variable)
    if not isinstance(where, Endpoint):
        raise UsageError(where.why if where else "no network in this URL: nothing to proxy", place=variable)
    scheme, rest = url.split("://", 1)
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    credentials, at, _ = rest[:end].rpartition("@")
    address = f"[{host}]" if ":" in host else host
    return f"{scheme}://{credentials}{at}{address}:{port}{rest[end:]}"


def _split(url: str, variable: str) -> SplitResult:
    if "://" not in url:
        raise _malformed(url, variable, "it has no scheme")
    if url != url.strip() or any(character.isspace() for character in url):
        raise _malformed(url, variable, "it has white space in it")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _malformed(url, variable, str(error)) from None
    if "," not in parts.netloc:
        _port(parts, url, variable)
    return parts


def _port(parts: SplitResult, url: str, variable: str) -> int | None:
    try:
        return parts.port
    except ValueError:
        why = "its port is no number from 1 to 65535 (a password must be percent-encoded)"
        raise _malformed(url, variable, why) from None


def _malformed(url: str, variable: str, why: str) -> UsageError:
    """Name what was written, but never a password: what stands before an @ is left out."""
    shown = _USERINFO.sub(r"\1...@", url)
    if "@" in shown and shown == url:
        shown = "..." + url.rpartition("@")[2]
    return UsageError(f'"{shown}" is no usable URL: {why}', place=variable)
