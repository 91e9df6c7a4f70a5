"""Keys in Redis: each word is one Lua script, which Redis runs to its end before anything else.

A key is a hash that Redis itself forgets when its retention is over. What Redis loses is lost: see
docs/idempotency.md for what that means and what `check` warns of.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.errors import UsageError
from holdfast.policy.idempotency.answer import Answer
from holdfast.policy.idempotency.core import MOVES, Move, Record, State
from holdfast.policy.idempotency.key import KeyId
from holdfast.policy.idempotency.store import Claimed, Clock, Seen, StoreDown, Unresolved

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisStore", "connect"]

_NOW = """
local now = tonumber(ARGV[1])
if now < 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

# A running key outlives its retention while its lease is renewed.
_FORGET_AT = """
local function keep(expires, lease)
  redis.call('PEXPIRE', KEYS[1], math.max(expires, lease) - now + 1)
end
local function text(number)
  return string.format('%.0f', number)
end
"""

_CLAIM = """
local function claim(at)
  local lease, expires = now + ARGV[at + 4], now + ARGV[at + 5]
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'state', 'running', 'lease', text(lease), 'expires', text(expires),
             'token', ARGV[at], 'fingerprint', ARGV[at + 1],
             'route', ARGV[at + 2], 'repeatable', ARGV[at + 3])
  keep(expires, lease)
end
"""

_SEEN = """
local found = redis.call('HMGET', KEYS[1], 'token', 'state', 'lease', 'expires')
if found[1] ~= ARGV[2] or found[2] ~= ARGV[3] then return 0 end
if found[2] == 'running' and now < tonumber(found[3]) then return 0 end
"""

_OWN = """
local found = redis.call('HMGET', KEYS[1], 'token', 'state', 'lease', 'expires')
if found[1] ~= ARGV[2] then return 0 end
if not string.find(ARGV[3], '[' .. tostring(found[2]) .. ']', 1, true) then return 0 end
"""

_HEAD = _NOW + _FORGET_AT

_INSERT = f"""{_HEAD}{_CLAIM}
if redis.call('EXISTS', KEYS[1]) == 1 then
  local fields = {{'state', 'token', 'fingerprint', 'repeatable', 'lease', 'expires', 'route', 'answer'}}
  local found = redis.call('HMGET', KEYS[1], unpack(fields))
  found[8] = found[8] or ''
  found[9] = text(now)
  return found
end
claim(2)
return 0
"""

_REPLACE = f"{_HEAD}{_CLAIM}{_SEEN} claim(4) return 1"

_DECLARE = f"{_HEAD}{_SEEN} redis.call('HSET', KEYS[1], 'state', 'unknown', 'token', ARGV[4]) return 1"

_RENEW = f"""{_HEAD}{_OWN}
local lease = now + ARGV[4]
redis.call('HSET', KEYS[1], 'lease', text(lease))
keep(tonumber(found[4]), lease)
return 1
"""

_COMPLETE = f"""{_HEAD}{_OWN}
local expires = now + ARGV[4]
redis.call('HSET', KEYS[1], 'state', 'done', 'answer', ARGV[5], 'lease', '0', 'expires', text(expires))
keep(expires, 0)
return 1
"""

_FREE = f"{_HEAD}{_OWN} redis.call('DEL', KEYS[1]) return 1"

_ABANDON = f"""{_HEAD}{_OWN}
local expires = now + ARGV[4]
redis.call('HSET', KEYS[1], 'state', 'unknown', 'lease', '0', 'expires', text(expires))
keep(expires, 0)
return 1
"""

_RESOLVE = f"""{_HEAD}
if redis.call('HGET', KEYS[1], 'state') ~= 'unknown' then return 0 end
if ARGV[3] == '' then
  redis.call('DEL', KEYS[1])
else
  local expires = now + ARGV[2]
  redis.call('HSET', KEYS[1], 'state', 'done', 'answer', ARGV[3], 'expires', text(expires))
  keep(expires, 0)
end
return 1
"""

_LOSES = "allkeys-", "volatile-"
"""How the names of Redis' eviction policies begin that may throw a key away before its time."""


class RedisStore:
    """Keys in the Redis of `client`, all below `prefix`.

    `owned`: close the client with the store; `name`: what callers and logs call it. It works with a client
    that decodes replies and with one that does not. Each script touches one key, so that a cluster is as good
    as one server.
    """

    def __init__(
        self,
        client: Redis,
        *,
        prefix: str = "holdfast:idempotency:",
        now: Clock | None = None,
        owned: bool = False,
        name: str = "redis",
    ) -> None:
        self.name = name
        self._client: Any = client
        self._prefix = prefix
        self._now = now
        self._owned = owned
        register = self._client.register_script
        self._insert, self._replace, self._declare = register(_INSERT), register(_REPLACE), register(_DECLARE)
        self._renew, self._complete, self._free = register(_RENEW), register(_COMPLETE), register(_FREE)
        self._abandon, self._resolve = register(_ABANDON), register(_RESOLVE)

    async def insert(self, key: KeyId, claimed: Claimed) -> Seen | None:
        """See Store."""
        found = await self._run(self._insert, key, _claim(claimed))
        if found == 0:
            return None
        try:
            texts = [value.decode("utf-8") if isinstance(value, bytes) else str(value) for value in found]
            state, token, fingerprint, repeatable, lease, expires, route, answer, now = texts
            stored = Answer.load(base64.b64decode(answer, validate=True)) if answer else None
            seconds = float(lease) / 1e3, float(expires) / 1e3
            known = State(state), token, bytes.fromhex(fingerprint), repeatable == "1"
            return Seen(Record(*known, *seconds, route, stored), float(now) / 1e3)
        except (ValueError, TypeError) as error:
            # Never run on what cannot be read: somebody else writes below the prefix.
            raise StoreDown(f"what is stored of a key cannot be read: {error}") from error

    async def replace(self, key: KeyId, seen: Record, claimed: Claimed) -> bool:
        """See Store."""
        return await self._changed(self._replace, key, [seen.token, seen.state.value, *_claim(claimed)])

    async def declare_unknown(self, key: KeyId, seen: Record, token: str) -> bool:
        """See Store."""
        return await self._changed(self._declare, key, [seen.token, seen.state.value, token])

    async def renew(self, key: KeyId, token: str, lease: float) -> bool:
        """See Store."""
        return await self._changed(self._renew, key, [token, _from(Move.RENEW), _ms(lease)])

    async def complete(self, key: KeyId, token: str, answer: Answer, retention: float) -> bool:
        """See Store."""
        said = [token, _from(Move.COMPLETE), _ms(retention), _stored(answer)]
        return await self._changed(self._complete, key, said)

    async def free(self, key: KeyId, token: str) -> bool:
        """See Store."""
        return await self._changed(self._free, key, [token, _from(Move.FREE)])

    async def abandon(self, key: KeyId, token: str, retention: float) -> bool:
        """See Store."""
        return await self._changed(self._abandon, key, [token, _from(Move.ABANDON), _ms(retention)])

    async def sweep(self, most: int) -> int:
        """Return 0: Redis forgets by itself."""
        return 0

    async def unresolved(self, most: int) -> list[Unresolved]:
        """See Store. Reads all keys below the prefix: for people, not for requests."""
        found: list[Unresolved] = []
        with self._answering():
            async for name in self._client.scan_iter(match=_literally(self._prefix) + "*", count=500):
                state, route = await self._client.hmget(name, "state", "route")
                if _text(state) == State.UNKNOWN.value:
                    found.append(Unresolved(self._key(_text(name)), _text(route)))
                    if len(found) >= most:
                        break
        return found

    async def resolve(self, key: KeyId, answer: Answer | None, retention: float) -> bool:
        """See Store."""
        said = [_ms(retention), "" if answer is None else _stored(answer)]
        return await self._changed(self._resolve, key, said)

    async def check(self) -> list[str]:
        """See Store."""
        with self._answering():
            try:
                found = await self._client.config_get("appendonly", "save", "maxmemory-policy", "appendfsync")
            except self._response_error():
                return ["this Redis does not tell whether it keeps its data: see docs/idempotency.md"]
        known = {_text(name): _text(value) for name, value in found.items()}
        wrong = []
        if known.get("appendonly") != "yes":
            wrong.append("Redis does not write its data down at once (appendonly no): a restart forgets keys")
        if known.get("maxmemory-policy", "").startswith(_LOSES):
            wrong.append(
                f"Redis may evict keys before their time (maxmemory-policy {known['maxmemory-policy']})"
            )
        return wrong

    async def aclose(self) -> None:
        """See Store."""
        if self._owned:
            await self._client.aclose()

    async def _changed(self, script: Any, key: KeyId, said: Sequence[Any]) -> bool:
        return bool(await self._run(script, key, said))

    async def _run(self, script: Any, key: KeyId, said: Sequence[Any]) -> Any:
        now = -1 if self._now is None else _ms(self._now())
        with self._answering():
            # The length first: no tenant can name its keys so that they are another's.
            name = f"{self._prefix}{len(key.tenant)}:{key.tenant}:{key.key}"
            return await script(keys=[name], args=[now, *said])

    def _key(self, name: str) -> KeyId:
        length, _, rest = name.removeprefix(self._prefix).partition(":")
        return KeyId(rest[: int(length)], rest[int(length) + 1 :])

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        from redis.exceptions import RedisError

        try:
            yield
        except (RedisError, OSError) as error:
            raise StoreDown(f"{type(error).__name__}: {error}") from error

    @staticmethod
    def _response_error() -> type[Exception]:
        from redis.exceptions import ResponseError

        return ResponseError


def connect(url: str, *, patience: float, connections: int) -> Redis:
    """Return a client that says within `patience` seconds that Redis is gone; redis-py's own takes a minute.

    Raises UsageError when holdfast[redis] is not installed.
    """
    try:
        from redis.asyncio import BlockingConnectionPool, Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import ExponentialWithJitterBackoff
    except ImportError:
        raise UsageError(
            "keys in Redis need redis-py: pip install 'holdfast[redis]'", place="redis"
        ) from None
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=patience,
        socket_timeout=patience / 2,
        socket_connect_timeout=patience / 2,
        retry=Retry(ExponentialWithJitterBackoff(base=0.01, cap=0.1), 1),
    )
    return Redis.from_pool(pool)


def _claim(claimed: Claimed) -> list[Any]:
    repeatable = "1" if claimed.repeatable else "0"
    named = [claimed.token, claimed.fingerprint.hex(), claimed.route, repeatable]
    return [*named, _ms(claimed.lease), _ms(claimed.retention)]


def _from(move: Move) -> str:
    return "".join(sorted(f"[{state.value}]" for state in MOVES[move][0]))


def _stored(answer: Answer) -> str:
    return base64.b64encode(answer.dump()).decode("ascii")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _literally(prefix: str) -> str:
    return "".join("\\" + c if c in "*?[]\\" else c for c in prefix)
