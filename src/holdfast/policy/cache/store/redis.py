"""Values, leases and tags in Redis, for all workers of all replicas.

A lookup is one GET. All that looks before it writes is one script, see `script`. What was invalidated while
Redis did not answer is remembered, and done before anything is read from it again.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from holdfast.clock import Now, monotonic
from holdfast.policy.cache.shared import Lease, Record
from holdfast.policy.cache.store import script
from holdfast.policy.cache.store.form import STAMP_AT, pack, unpack
from holdfast.policy.cache.store.push import Push
from holdfast.policy.cache.store.wire import Wire
from holdfast.policy.store import Pause, StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisStore"]

_OWED = 10_000
"""Invalidations that are remembered while Redis does not answer; of more, the whole cache is emptied."""

_NUMBER_KEPT = 86_400_000
"""Milliseconds for which a tag remembers when it was invalidated: no computation takes a day."""

_EMPTIED = 500
"""Keys that are looked at with one command when a cache is emptied."""


class RedisStore:
    """Belongs to one event loop. `name` is the cache's; `lease`: seconds that a holder may be silent.

    `patience`: seconds that a command may take. `wall`: the clock that the processes share.
    """

    __slots__ = (
        "_gone",
        "_lease",
        "_me",
        "_owed",
        "_prefix",
        "_push",
        "_settling",
        "_undoing",
        "_unsure",
        "_wall",
        "_wire",
    )

    def __init__(
        self,
        make: Callable[[], Redis],
        name: str,
        *,
        lease: float,
        patience: float,
        pause: Pause | None = None,
        wall: Now = time.time,
        clock: Now = monotonic,
    ) -> None:
        self._wire = Wire(make, patience=patience, pause=pause, clock=clock)
        self._prefix = f"holdfast:cache:{{{name}}}"
        self._push = Push(make, f"{self._prefix}:push", self._heard)
        self._lease = math.ceil(lease * 1000)
        self._wall = wall
        self._me = secrets.token_bytes(8)
        self._gone: Callable[[str, str], None] = lambda kind, subject: None
        self._owed: dict[tuple[str, str], None] = {}
        self._settling = False
        self._undoing: set[asyncio.Task[None]] = set()
        # Fences of leases that Redis may hold for nobody, as it did not say that they ended. Whoever computes
        # next takes the same one, or all would wait for it until it ends by itself.
        self._unsure: dict[str, bytes] = {}

    @property
    def listening(self) -> bool:
        """Whether what others invalidate is heard now."""
        return self._push.connected

    def listen(self, gone: Callable[[str, str], None]) -> None:
        """Have `gone(kind, subject)` called for what others drop: "key", "tag", "all".

        Where nobody knows what was dropped, as nobody listened, it is "gap".
        """
        self._gone = gone

    async def start(self) -> None:
        """Begin to listen."""
        self._push.start()

    async def look(self, key: str) -> Record | None:
        """Return what is stored."""
        if self._owed:
            await self._settle()
        raw = await self._wire.send("GET", f"{self._prefix}:v:{key}")
        return None if raw is None else unpack(raw)

    async def begin(self, key: str, known: bytes) -> Record | Lease | None:
        """Return what is stored unless its stamp is `known`; else a lease; None where another has it."""
        if self._owed:
            await self._settle()
        fence = self._unsure.pop(key, None) or secrets.token_bytes(16)
        asking = asyncio.get_running_loop().create_task(self._begin(key, fence, known))
        try:
            return await asyncio.shield(asking)
        except BaseException:  # cancelled, or no answer: Redis may have given the lease all the same
            self._doubt(key, fence)
            self._undo(asking, Lease(key, fence, 0))
            raise

    async def fill(self, lease: Lease, record: Record) -> bool:
        """Store under a lease, which ends. False where it was lost, or what it computed is invalid by now."""
        keys = [f"{self._prefix}:v:{lease.key}", f"{self._prefix}:l:{lease.key}"]
        for tag in record.tags:
            keys += (f"{self._prefix}:t:{tag}", f"{self._prefix}:i:{tag}")
        times = self._times(record)
        try:
            reply = await self._wire.run(script.FILL, keys, lease.fence, lease.began, pack(record), *times)
        except BaseException:
            self._doubt(lease.key, lease.fence)
            raise
        return bool(reply)

    async def renew(self, lease: Lease) -> bool:
        """Keep a lease for as long again; False where it was lost."""
        key = f"{self._prefix}:l:{lease.key}"
        return bool(await self._wire.run(script.RENEW, [key], lease.fence, self._lease))

    async def release(self, lease: Lease) -> None:
        """Give a lease back."""
        try:
            await self._wire.run(script.RELEASE, [f"{self._prefix}:l:{lease.key}"], lease.fence)
        except BaseException:
            self._doubt(lease.key, lease.fence)
            raise

    async def put(self, key: str, record: Record) -> None:
        """Store, whoever is computing; all other processes are told."""
        keys = [f"{self._prefix}:v:{key}", f"{self._prefix}:l:{key}"]
        keys += (f"{self._prefix}:t:{tag}" for tag in record.tags)
        said = (f"{self._prefix}:push", self._message("key", key))
        try:
            await self._wire.run(script.PUT, keys, pack(record), *self._times(record), *said)
        except BaseException:  # cancelled as well: it may not have arrived
            self._owe("key", key)  # what is there is older than what is here
            raise
        self._owed.pop(("key", key), None)

    async def drop(self, key: str) -> bool:
        """Forget, and let nobody store what was begun before; all are told. Whether there was something."""
        return await self._drop("key", key)

    async def drop_tag(self, tag: str) -> None:
        """The same for everything with `tag`."""
        await self._drop("tag", tag)

    async def aclose(self) -> None:
        """Give back connections."""
        await self._push.aclose()
        while self._undoing:
            await asyncio.wait(tuple(self._undoing))
        await self._wire.aclose()

    async def _begin(self, key: str, fence: bytes, known: bytes) -> Record | Lease | None:
        keys = [f"{self._prefix}:v:{key}", f"{self._prefix}:l:{key}", f"{self._prefix}:invalid"]
        reply = await self._wire.run(script.BEGIN, keys, fence, self._lease, *STAMP_AT, known)
        if isinstance(reply, int):
            return None if reply < 0 else Lease(key, fence, reply)
        record = unpack(reply)
        if record is None:  # not ours, or of another release: out of the way
            await self._wire.send("DEL", keys[0])
        return record

    def _undo(self, asking: asyncio.Task[Any], lease: Lease) -> None:
        """Give a lease back that nobody knows of, once it is known whether there is one."""

        async def undo() -> None:
            await asyncio.wait((asking,))
            if self._unsure.get(lease.key) == lease.fence:  # else somebody computes under it by now
                del self._unsure[lease.key]
                with suppress(StoreUnavailable):  # remembered again
                    await self.release(lease)

        task = asyncio.get_running_loop().create_task(undo(), name="holdfast cache lease")
        self._undoing.add(task)
        task.add_done_callback(self._undoing.discard)

    def _doubt(self, key: str, fence: bytes) -> None:
        if len(self._unsure) >= _OWED:
            self._unsure.clear()  # they end by themselves
        self._unsure[key] = fence

    async def _drop(self, kind: str, subject: str) -> bool:
        try:
            dropped = await self._dropped(kind, subject)
        except BaseException:  # cancelled as well: it may not have arrived
            self._owe(kind, subject)
            raise
        self._owed.pop((kind, subject), None)
        return dropped

    async def _dropped(self, kind: str, subject: str) -> bool:
        channel, message = f"{self._prefix}:push", self._message(kind, subject)
        if kind == "all":
            await self._empty()
            await self._wire.send("PUBLISH", channel, message)
            return True
        if kind == "tag":
            keys = [f"{self._prefix}:{letter}:{subject}" for letter in "ti"] + [f"{self._prefix}:invalid"]
            return bool(await self._wire.run(script.DROP_TAG, keys, channel, message, _NUMBER_KEPT))
        keys = [f"{self._prefix}:v:{subject}", f"{self._prefix}:l:{subject}"]
        return bool(await self._wire.run(script.DROP, keys, channel, message))

    def _owe(self, kind: str, subject: str) -> None:
        if len(self._owed) >= _OWED:
            self._owed.clear()
            kind, subject = "all", ""
        if ("all", "") not in self._owed:
            self._owed[kind, subject] = None

    async def _settle(self) -> None:
        """Do what is owed before anything is read; whoever comes meanwhile goes without Redis."""
        if self._settling:
            raise StoreUnavailable("paused", "invalidations are being caught up on")
        self._settling = True
        try:
            for kind, subject in tuple(self._owed):
                await self._dropped(kind, subject)
                self._owed.pop((kind, subject), None)
        finally:
            self._settling = False

    async def _empty(self) -> None:
        cursor: Any = b"0"
        while True:
            cursor, keys = await self._wire.send(
                "SCAN", cursor, "MATCH", f"{_literal(self._prefix)}:[vl]:*", "COUNT", _EMPTIED
            )
            if keys:
                await self._wire.send("UNLINK", *keys)
            if int(cursor) == 0:
                return

    def _times(self, record: Record) -> tuple[int, float, float]:
        now = self._wall()
        return max(1, math.ceil((record.gone - now) * 1000)), now, record.gone

    def _message(self, kind: str, subject: str) -> bytes:
        return self._me + f"{kind}:{subject}".encode("utf-8", "surrogatepass")

    def _heard(self, data: bytes | None) -> None:
        if data is None:
            self._gone("gap", "")
        elif not data.startswith(self._me):
            kind, _, subject = data[len(self._me) :].decode("utf-8", "surrogatepass").partition(":")
            self._gone(kind, subject)


def _literal(text: str) -> str:
    """Return `text` for a pattern that matches it alone."""
    return "".join(f"\\{char}" if char in "*?[]\\^" else char for char in text)
