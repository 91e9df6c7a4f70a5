"""Several commands in one call. Its policies are around `execute`: queueing them asks nothing of Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.asyncio.client import Pipeline

from holdfast.client.redis.fallback import substitute_all
from holdfast.client.redis.traced import begin

if TYPE_CHECKING:
    from holdfast.client.redis.client import DependencyRedis

__all__ = ["DependencyPipeline"]


class DependencyPipeline(Pipeline):
    """redis-py's pipeline. It is repeated where each of its commands may be.

    WATCH takes a connection for longer than a call, one of those that are aside. What is sent between it and
    `execute` goes through the policies one by one, and is never repeated; nor has it a fallback.
    """

    def __init__(self, client: DependencyRedis, transaction: bool, shard_hint: str | None) -> None:
        self._client = client
        self._lane = client.lane()
        self._calling = False  # within an attempt already
        super().__init__(self._lane.pool, client.response_callbacks, transaction, shard_hint)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send all commands and return their replies, those of the fallback where there are none."""
        commands, scripts, explicit = self.command_stack, self.scripts, self.explicit_transaction
        if not commands and not self.watching:
            return []
        words = [words for words, _ in commands]
        watching = self.watching

        async def attempt(left: float | None) -> Any:
            # An attempt leaves the pipeline empty.
            self.command_stack, self.scripts, self.explicit_transaction = (
                list(commands),
                set(scripts),
                explicit,
            )
            self._calling = True
            try:
                with begin(
                    self._client, "MULTI" if self.is_transaction or explicit else "PIPELINE", len(words)
                ):
                    return await super(DependencyPipeline, self).execute(raise_on_error)
            finally:
                self._calling = False

        try:
            replies: list[Any] = await self._client.call(
                attempt,
                idempotent=not watching and all(self._client.repeatable(each) for each in words),
                fallback=None if watching else substitute_all(self._client.fallback, words),
            )
        finally:
            await self.reset()
        return replies

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command at once: WATCH and what comes before MULTI, or a script before `execute`."""
        if self._calling:
            return await self._immediate(*args, **options)
        if self.connection is None:
            self.connection_pool = self._lane.aside.connection_pool

        async def attempt(left: float | None) -> Any:
            with begin(self._client, args[0]):
                return await self._immediate(*args, **options)

        return await self._client.call(attempt, idempotent=False, fallback=None)

    async def reset(self) -> None:  # type: ignore[override]
        """Forget what is queued and give the connection back."""
        try:
            await super().reset()  # type: ignore[no-untyped-call]
        finally:
            self.connection_pool = self._lane.pool

    async def _immediate(self, *args: Any, **options: Any) -> Any:
        return await super().immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]
