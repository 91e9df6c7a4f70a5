"""Redis without its client's own patience: who sends bounds the waits and repeats what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.errors import UsageError
from holdfast.policy.store.unavailable import StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["connect", "unavailable"]


def connect(url: str, *, patience: float, place: str = "") -> Redis:
    """Return a client of its own for `url`; its store does the retries, and bounds waits and connections.

    `patience`: seconds for connecting. `place`: what holds the URL, for messages: the URL may hold a
    password. Raises UsageError where redis is not installed or the URL is none.
    """
    try:
        from redis.asyncio import ConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:  # pragma: no cover - the extra is installed where the tests run
        raise UsageError('a Redis dependency needs redis: pip install "holdfast[redis]"') from error
    try:
        pool = ConnectionPool.from_url(
            url,
            socket_timeout=None,  # the store bounds writing and reading together
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),  # the store repeats what was lost, once
            # Nothing of the newer protocol is used, and its greeting costs a round trip.
            protocol=2,
        )
    except ValueError:
        raise UsageError("expected an address such as redis://host:6379/0", place=place) from None
    return Redis(connection_pool=pool)


def unavailable(error: Exception) -> StoreUnavailable:
    """Return the client's failure in our words; its own go along for the log."""
    from redis.exceptions import ConnectionError as Lost
    from redis.exceptions import TimeoutError as Late

    if isinstance(error, (Late, TimeoutError)):
        return StoreUnavailable("timeout")
    if isinstance(error, (Lost, OSError)):
        return StoreUnavailable("connection", str(error))
    return StoreUnavailable("error", f"{type(error).__name__}: {error}")
