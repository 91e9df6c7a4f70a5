"""The client of one Redis, from its section of the budget."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Mapping
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Monitor, PubSub
from redis.exceptions import ReadOnlyError

from holdfast.budget.address import address
from holdfast.client.perloop import PerLoop
from holdfast.client.redis.commands import Command, repeatable, waits
from holdfast.client.redis.config import RedisSection, Wire
from holdfast.client.redis.fallback import NO_FALLBACK, ReplyFallback, substitute
from holdfast.client.redis.lane import Lane
from holdfast.client.redis.pipeline import DependencyPipeline
from holdfast.client.redis.pool import Pool
from holdfast.client.redis.traced import begin
from holdfast.client.redis.verdicts import judge
from holdfast.client.state import DependencyState
from holdfast.errors import CallFailed, UsageError
from holdfast.policy.call.attempt import Attempt
from holdfast.policy.call.pipeline import Fallback
from holdfast.policy.store.redis import arguments

__all__ = ["DependencyRedis", "client"]


class DependencyRedis(Redis):
    """A redis.asyncio.Redis in every respect; each command and each pipeline is one call of the dependency.

    Redis-py's own retries are off: what may be repeated is repeated by the policies, see
    `commands.repeatable`; `repeats` names more commands. A command that is cancelled takes its connection
    with it, so that nobody reads its reply. What waits on purpose (BLPOP, subscriptions, MONITOR) has
    connections aside and only the deadline. Its connections belong to the loop that uses them.
    """

    def __init__(
        self,
        state: DependencyState,
        wire: Mapping[str, Any],
        *,
        fallback: ReplyFallback = NO_FALLBACK,
        repeats: Collection[str] = (),
    ) -> None:
        self.config = state.config
        self.fallback = fallback
        self.connection_kwargs = wire
        self._shared = state
        self._repeats = frozenset(name.upper() for name in repeats)
        self._lanes = PerLoop(self._open)
        self._idle = Pool(**wire)  # of no loop: for what asks for encoders before there is one
        super().__init__(connection_pool=self._idle)

    @property
    def connection_pool(self) -> ConnectionPool:
        """The pool of the running loop."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._idle
        return self._lanes.current().pool

    @connection_pool.setter
    def connection_pool(self, pool: ConnectionPool) -> None:
        """Leave it as it is: redis-py sets what it was given."""

    @property
    def in_flight(self) -> int:
        """Calls in flight on the running loop; 0 where the budget decides no bulkhead, which counts them."""
        return self._shared.in_flight

    def lane(self) -> Lane:
        """Return what belongs to the running loop."""
        return self._lanes.current()

    def repeatable(self, command: Command) -> bool:
        """Whether `command` may be sent again when its reply was lost."""
        return repeatable(command, self._repeats)

    async def call(self, attempt: Attempt[Any], *, idempotent: bool, fallback: Fallback[Any] | None) -> Any:
        """Make a call of the dependency under its policies."""
        lane = self._lanes.current()

        async def renewing(left: float | None) -> Any:
            try:
                return await attempt(left)
            except ReadOnlyError:
                lane.pool.renew()  # a failover: the address leads to another server now, or soon
                raise

        return await lane.pipeline.call(renewing, idempotent=idempotent, fallback=fallback, judge=judge)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command and return its reply, that of the fallback where there is none."""
        if waits(args):
            return await self._wait(args, options)

        async def attempt(left: float | None) -> Any:
            with begin(self, args[0]):
                return await self._send(*args, **options)

        return await self.call(
            attempt, idempotent=self.repeatable(args), fallback=substitute(self.fallback, args)
        )

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> DependencyPipeline:
        """Return a pipeline, whose `execute` is one call."""
        return DependencyPipeline(self, transaction, shard_hint)

    def pubsub(self, **options: Any) -> PubSub:
        """Return a subscription, with a connection aside and no policies."""
        return self.lane().aside.pubsub(**options)

    def monitor(self) -> Monitor:
        """Return a monitor, with a connection aside and no policies."""
        return self.lane().aside.monitor()

    def client(self) -> Redis:
        """There is none: a client of a single connection would be one without policies."""
        raise UsageError("a held Redis has no client of a single connection: use pipeline()")

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close the running loop's connections; another loop's can only be closed there."""
        lane = self._lanes.pop()
        if lane is not None:
            await lane.aclose()

    async def _send(self, *args: Any, **options: Any) -> Any:
        return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    async def _wait(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        with begin(self, args[0]):
            try:
                return await self.lane().aside.execute_command(*args, **options)  # type: ignore[no-untyped-call]
            except Exception as error:
                verdict = judge.error(error)
                if verdict is None:
                    raise
                raise CallFailed(self.config.dependency, verdict.cause) from error

    def _open(self) -> Lane:
        waiting = {**self.connection_kwargs, "socket_timeout": None}
        waiting.pop("max_connections", None)
        return Lane(
            self._shared.pipelines.current(),
            Pool(**self.connection_kwargs),
            Redis(connection_pool=Pool(**waiting)),
        )


def client(
    name: str,
    section: RedisSection,
    *,
    state: DependencyState,
    fallback: ReplyFallback = NO_FALLBACK,
    repeats: Collection[str] = (),
    environ: Mapping[str, str] = os.environ,
    **options: Any,
) -> DependencyRedis:
    """Return the client of the Redis dependency `name`. Nothing is connected; close it with `aclose`.

    `fallback`: the degraded reply to any command, or a function of the command and the reason; without one a
    Refusal is raised. `repeats`: names of commands that may be sent twice here, besides reads and plain SETs.
    `state`: the policies, shared with whatever else reaches the dependency. `options` are those of redis-py's
    connections (decode_responses, protocol, client_name, ssl_ca_certs ...). Raises UsageError if the address
    is not to be had.
    """
    url = address(name, section.url_env, environ)
    place = section.url_env or ""
    decided = Wire.of(state.config, section.timeout.connect).arguments()
    wire = arguments(url, place=place, **(options | decided))
    return DependencyRedis(state, wire, fallback=fallback, repeats=repeats)
