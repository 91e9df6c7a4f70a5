"""`hold.cache("product", Product)`: a cache that code asks by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Generic, TypeVar

from holdfast.policy.cache import Absence, Codec, Source, bounded, canonical
from holdfast.service.cache.absent import answered, raised
from holdfast.service.cache.home import Home

__all__ = ["Cache"]

T = TypeVar("T")


class Cache(Generic[T]):
    """Keys are anything that can be written: text, numbers, UUIDs, tuples of them. Values are of one type.

    Where a number of the cache is missing, nothing is kept: `get` finds nothing and `set` does nothing.
    """

    __slots__ = ("_codec", "_home", "_tenant")

    def __init__(self, home: Home, codec: Codec[T], tenant: str = "") -> None:
        self._home = home
        self._codec = codec
        self._tenant = tenant

    def tenant(self, name: str) -> Cache[T]:
        """Return the part of one tenant: its keys never meet another's."""
        return Cache(self._home, self._codec, canonical(name))

    def key(self, key: Any) -> str:
        """Return the key as it is stored. Raises Unwritable."""
        return bounded(f"{self._codec.version}/-/{self._tenant}{canonical(key)}")

    async def get(self, key: Any) -> T | None:
        """Return the value; None where there is none, or it is older than its ttl."""
        guard = self._home.here()
        if guard is None or self._home.observes:
            return None
        entry = await guard.get(self.key(key), Source(self._codec))
        return None if entry is None or entry.absent else entry.value

    async def exists(self, key: Any) -> bool:
        """Whether there is a value that is not older than its ttl."""
        guard = self._home.here()
        if guard is None or self._home.observes:
            return False
        entry = await guard.get(self.key(key), Source(self._codec))
        return entry is not None and not entry.absent

    async def set(self, key: Any, value: T, *, ttl: float | None = None, tags: Iterable[str] = ()) -> None:
        """Store `value`, for `ttl` seconds or as long as the budget says. Raises Undecodable."""
        guard = self._home.here()
        if guard is not None:
            await guard.set(self.key(key), self._source(tags), value, ttl=ttl)

    async def delete(self, key: Any) -> bool:
        """Forget a key, in every worker; return whether it was known."""
        guard = self._home.here()
        return guard is not None and await guard.delete(self.key(key))

    async def delete_tag(self, tag: str) -> None:
        """Forget everything in this cache that carries `tag`, in every worker, whoever stored it."""
        guard = self._home.here()
        if guard is not None:
            await guard.delete_tag(tag)

    async def get_or_set(
        self, key: Any, compute: Callable[[], Awaitable[T]], *, tags: Iterable[str] = (), lent: bool = True
    ) -> T:
        """Return the value; computed once where it is not known, however many ask.

        `lent`: `compute` uses what belongs to this caller, such as its session, and runs in its task.
        """
        guard = self._home.here()
        if guard is None or self._home.observes:
            return await compute()
        value = await guard.obtain(self.key(key), self._source(tags), partial(answered, compute), lent=lent)
        if isinstance(value, Absence):
            raise raised(value)
        found: T = value
        return found

    def _source(self, tags: Iterable[str]) -> Source[T]:
        fixed = tuple(tags)
        return Source(self._codec, lambda value: fixed)
