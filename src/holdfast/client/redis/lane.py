"""What a client has on one event loop: its policies' state and its connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from holdfast.client.redis.pool import Pool
from holdfast.policy.call.pipeline import Pipeline

__all__ = ["Lane"]


@dataclass(frozen=True, slots=True)
class Lane:
    """The pipeline and the connections of one loop.

    pool: for calls; as many connections as the bulkhead has permits, so that nobody waits for one.
    aside: for what keeps a connection for longer than a call: subscriptions, commands that wait, WATCH.
    """

    pipeline: Pipeline[Any]
    pool: Pool
    aside: Redis

    async def aclose(self) -> None:
        """Close the connections."""
        await self.pool.aclose()
        await self.aside.connection_pool.aclose()
