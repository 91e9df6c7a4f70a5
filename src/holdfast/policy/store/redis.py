"""Redis without its client's own patience: who sends bounds the waits and repeats what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.errors import UsageError
from holdfast.policy.store.unavailable import StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["answered", "arguments", "connect", "lost", "unavailable"]


def connect(url: str, *, patience: float, place: str = "") -> Redis:
    """Return a client of its own for `url`; its store does the retries, and bounds waits and connections.

    `patience`: seconds for connecting. `place`: what holds the URL, for messages: the URL may hold a
    password. Raises UsageError where redis is not installed or the URL is none.
    """
    wire = arguments(url, place=place, socket_connect_timeout=patience)
    from redis.asyncio import ConnectionPool, Redis

    return Redis(connection_pool=ConnectionPool(**wire))


def arguments(url: str, *, place: str = "", **decided: Any) -> dict[str, Any]:
    """Return what a pool of connections to `url` is made with: one attempt, and no limit of its own.

    `decided`: further arguments of a connection, which go before what the URL says. Raises UsageError where
    redis is not installed or the URL is none, at `place`.
    """
    try:
        from redis.asyncio.connection import parse_url
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.maint_notifications import MaintNotificationsConfig
    except ImportError as error:  # pragma: no cover - the extra is installed where the tests run
        raise UsageError('a Redis dependency needs redis: pip install "holdfast[redis]"') from error
    try:
        said = dict(parse_url(url))
    except ValueError:
        raise UsageError("expected an address such as redis://host:6379/0", place=place) from None
    for name in ("timeout", "max_connections", "retry_on_timeout"):
        said.pop(name, None)  # of pools and retries, which are not the URL's to decide
    return {
        # Nothing of the newer protocol is used, and its greeting costs a round trip.
        "protocol": 2,
        **said,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "retry": Retry(NoBackoff(), 0),  # who sends repeats what was lost, once
        "socket_timeout": None,  # who sends bounds writing and reading together
        **decided,
    }


# Asked of what has failed only: an import on the way of every command would cost a microsecond.


def lost(error: Exception) -> bool:
    """Whether the connection was lost: sent again on another one, the command may well be answered."""
    from redis.exceptions import ConnectionError as Lost

    return isinstance(error, (Lost, OSError)) and not isinstance(error, TimeoutError)


def answered(error: Exception) -> bool:
    """Whether Redis answered, with an error: the connection is in order."""
    from redis.exceptions import ResponseError

    return isinstance(error, ResponseError)


def unavailable(error: Exception) -> StoreUnavailable:
    """Return the client's failure in our words; its own go along for the log."""
    from redis.exceptions import ConnectionError as Lost
    from redis.exceptions import TimeoutError as Late

    if isinstance(error, (Late, TimeoutError)):
        return StoreUnavailable("timeout")
    if isinstance(error, (Lost, OSError)):
        return StoreUnavailable("connection", str(error))
    return StoreUnavailable("error", f"{type(error).__name__}: {error}")
