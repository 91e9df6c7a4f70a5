"""What a cached function has stored, by its arguments."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from holdfast.policy.cache import Source, canonical
from holdfast.service.cache.arguments import Arguments
from holdfast.service.cache.home import Home

__all__ = ["Entries"]

T = TypeVar("T")


class Entries(Generic[T]):
    """`await product.cache.delete(product_id=5)`: by the arguments that count; what is lent is left out."""

    __slots__ = ("_arguments", "_home", "_source", "_tenant")

    def __init__(self, home: Home, arguments: Arguments, source: Source[T], tenant: str = "") -> None:
        self._home = home
        self._arguments = arguments
        self._source = source
        self._tenant = tenant

    def tenant(self, name: str) -> Entries[T]:
        """Return the entries of one tenant."""
        return Entries(self._home, self._arguments, self._source, canonical(name))

    def key(self, /, *args: Any, **kwargs: Any) -> str:
        """Return the key of a call."""
        return self._arguments.key(self._source.codec.version, self._tenant, args, kwargs)

    async def delete(self, /, *args: Any, **kwargs: Any) -> bool:
        """Forget the value of a call, in every worker."""
        guard = self._home.here()
        return guard is not None and await guard.delete(self.key(*args, **kwargs))

    async def put(self, value: T, /, *args: Any, **kwargs: Any) -> None:
        """Store `value` as that of a call: write-through. Raises Undecodable for one of another type."""
        guard = self._home.here()
        if guard is not None:
            await guard.set(self.key(*args, **kwargs), self._source, value)
