"""Redis: a redis.asyncio client whose calls go through a dependency's policies. Needs the extra `redis`."""

from __future__ import annotations

try:
    import redis as _redis  # noqa: F401 - to say what is missing before anything else fails for it
except ImportError as error:  # pragma: no cover - the extra is installed where the tests run
    from holdfast.errors import UsageError

    raise UsageError('a Redis dependency needs redis: pip install "holdfast[redis]"') from error

from holdfast.client.redis.client import DependencyRedis, client
from holdfast.client.redis.fallback import ReplyFallback
from holdfast.client.redis.pipeline import DependencyPipeline

__all__ = ["DependencyPipeline", "DependencyRedis", "ReplyFallback", "client"]
