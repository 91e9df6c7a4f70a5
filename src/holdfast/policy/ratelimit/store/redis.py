"""States in Redis, for all workers of all machines. Needs the extra `redis`.

Calls do not go to Redis one by one: each lane takes whatever has gathered and sends it in one pipeline. One
call alone goes at once; at load there are few round trips and few wake-ups, where a connection for each call
would cost both. It also keeps cancellation away from the client: a request that is cancelled, or whose
patience ends, leaves its place in the queue, while the lane, a task of its own that is never cancelled, reads
the answer that is on its way. (A client that is cancelled between command and answer closes its connection,
and one that is cancelled while it gives it back to the pool loses it.) Whoever has left before his call was
sent is not charged.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.clock import Now, monotonic
from holdfast.policy.deadline import ambient
from holdfast.policy.deadline.wheel import Entry, current
from holdfast.policy.ratelimit.ask import Ask, Verdict
from holdfast.policy.ratelimit.core import lacking
from holdfast.policy.ratelimit.store.script import DIGEST, SCRIPT
from holdfast.policy.store import Pause, StoreUnavailable
from holdfast.policy.store.redis import unavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisStore"]

LANES = 4
"""Connections of a worker: so many pipelines are on their way at a time."""

_BATCH = 128
"""Calls in one pipeline: about what Redis does in a millisecond."""


class _Asked:
    """A call on its way: the script's keys and arguments, and who waits for its answer."""

    __slots__ = ("answer", "count", "words")

    def __init__(self, count: int, words: list[Any], answer: asyncio.Future[bytes]) -> None:
        self.count = count
        self.words = words
        self.answer = answer


class RedisStore:
    """Belongs to one event loop. `patience`: seconds that a call waits at most.

    `prefix` goes before every key. `now` None: the time is Redis' own. `pause`: when Redis is left alone.
    """

    __slots__ = (
        "_clock",
        "_idle",
        "_lanes",
        "_make",
        "_now",
        "_patience",
        "_pause",
        "_prefix",
        "_redis",
        "_waiting",
    )

    def __init__(
        self,
        make: Callable[[], Redis],
        *,
        patience: float,
        prefix: str = "holdfast:ratelimit:",
        pause: Pause | None = None,
        now: Now | None = None,
        clock: Now = monotonic,
    ) -> None:
        self._make = make
        self._redis: Redis | None = None
        self._patience = patience
        self._prefix = prefix
        self._pause = pause or Pause()
        self._now = now
        self._clock = clock
        self._waiting: deque[_Asked] = deque()
        self._lanes: set[asyncio.Task[None]] = set()
        self._idle: list[Any] = []  # connections taken from the pool, which costs as much as a decision

    async def take(self, asks: Sequence[Ask]) -> Verdict:
        """Charge all of `asks`, or none. Raises StoreUnavailable, at the latest when the patience is over."""
        now = self._clock()
        if not self._pause.may(now):
            raise StoreUnavailable("paused")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(len(asks), self._words(asks), answer))
        if len(self._lanes) < LANES:
            self._open_lane()
        until, deadline = now + self._patience, ambient.at()
        waiting = _Patience(answer)
        current().add(until if deadline is None else min(until, deadline), waiting)
        try:
            reply = await answer
        finally:
            waiting.cancel()
        return _verdict(asks, reply)

    async def aclose(self) -> None:
        """Let what is on its way arrive, within its timeouts, and close the connections."""
        for asked in self._waiting:
            if not asked.answer.done():
                asked.answer.set_exception(StoreUnavailable("closed"))
        self._waiting.clear()
        if self._lanes:
            await asyncio.wait(tuple(self._lanes))
        while self._idle:
            await self._pool().release(self._idle.pop())
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose(close_connection_pool=True)

    def _words(self, asks: Sequence[Ask]) -> list[Any]:
        keys = [f"{self._prefix}{ask.config.name}/{len(ask.config.limits)}:{ask.key}" for ask in asks]
        words: list[Any] = [*keys, "" if self._now is None else repr(self._now())]
        for ask in asks:
            words += (len(ask.config.limits), repr(float(ask.cost)))
            for limit in ask.config.limits:
                words += (repr(limit.rate), repr(float(limit.burst)))
        return words

    def _open_lane(self) -> None:
        lane = asyncio.get_running_loop().create_task(self._run(), name="holdfast rate limits")
        self._lanes.add(lane)
        lane.add_done_callback(self._lanes.discard)

    async def _run(self) -> None:
        """Send what waits, until nothing does."""
        waiting = self._waiting
        while waiting:
            batch: list[_Asked] = []
            while waiting and len(batch) < _BATCH:
                asked = waiting.popleft()
                if not asked.answer.done():  # nobody waits for it any more: it is not charged
                    batch.append(asked)
            if batch:
                await self._deliver(batch)

    async def _deliver(self, batch: list[_Asked]) -> None:
        from redis.exceptions import ReadOnlyError

        try:
            replies = await self._send(batch)
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody waits for an answer
            failure = unavailable(error)
            self._pause.failed(self._clock())
            for asked in batch:
                if not asked.answer.done():
                    asked.answer.set_exception(StoreUnavailable(failure.why, failure.detail))
            return
        if any(isinstance(reply, ReadOnlyError) for reply in replies):
            # It is a replica now: only a new connection finds who has taken over.
            self._pause.failed(self._clock())
            await self._forget()
        else:
            self._pause.answered()
        for asked, reply in zip(batch, replies, strict=True):
            if asked.answer.done():
                continue
            if isinstance(reply, Exception):
                asked.answer.set_exception(unavailable(reply))
            else:
                asked.answer.set_result(reply)

    async def _send(self, batch: list[_Asked]) -> list[Any]:
        """Return a reply or an exception for each of `batch`. Raises what befalls all of them."""
        from redis.exceptions import NoScriptError

        if self._redis is None:
            self._redis = self._make()
        replies = await self._pipe([("EVALSHA", DIGEST, asked.count, *asked.words) for asked in batch])
        unknown = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            # It was restarted, or another has taken over: EVAL teaches it the script.
            again = await self._pipe([("EVAL", SCRIPT, batch[i].count, *batch[i].words) for i in unknown])
            for index, reply in zip(unknown, again, strict=True):
                replies[index] = reply
        return replies

    async def _forget(self) -> None:
        """Close the connections that nobody uses now."""
        while self._idle:
            connection = self._idle.pop()
            await connection.disconnect(nowait=True)
            await self._pool().release(connection)

    def _pool(self) -> Any:
        assert self._redis is not None  # noqa: S101 - made before anything is sent
        return self._redis.connection_pool

    async def _pipe(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        """Return a reply or an exception for each command, all sent at once.

        Once more where the connection was lost. A command that was lost with it may have been done: then it
        counts twice, which admits too little, never too much. What had no answer in time is not repeated.
        """
        from redis.exceptions import ConnectionError as Lost

        try:
            return await self._once(commands)
        except (Lost, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            await self._forget()  # who else was idle is as old
            return await self._once(commands)

    async def _once(self, commands: list[tuple[Any, ...]]) -> list[Any]:
        from redis.exceptions import ResponseError

        connection: Any = self._idle.pop() if self._idle else None
        replies: list[Any] = []
        try:
            # One timeout for all of it, and not the client's own, which makes a task of every write.
            async with asyncio.timeout(self._patience):
                if connection is None:
                    connection = await self._pool().get_connection()
                await connection.send_packed_command(connection.pack_commands(commands))
                for _ in commands:
                    try:
                        replies.append(await connection.read_response())
                    except ResponseError as error:
                        replies.append(error)
        except BaseException:
            # Not within the timeout: a release that is cancelled loses the connection.
            if connection is not None:
                await connection.disconnect(nowait=True)
                await self._pool().release(connection)
            raise
        self._idle.append(connection)
        return replies


class _Patience(Entry):
    """Ends a wait."""

    __slots__ = ("_answer",)

    def __init__(self, answer: asyncio.Future[bytes]) -> None:
        super().__init__()
        self._answer = answer

    def due(self) -> None:
        if not self._answer.done():
            self._answer.set_exception(StoreUnavailable("timeout"))


def _verdict(asks: Sequence[Ask], reply: bytes) -> Verdict:
    numbers = struct.unpack(f"<{len(reply) // 8}d", reply)
    levels, at, wait = [], 1, 0.0
    for ask in asks:
        count = len(ask.config.limits)
        level = numbers[at : at + count]
        levels.append(level)
        at += count
        if not numbers[0]:
            wait = max(wait, lacking(ask.config.limits, level, ask.cost))
    return Verdict(asks, levels, wait)
