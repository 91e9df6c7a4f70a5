"""What changes a target makes invalid what is stored of it: RFC 9111, 4.4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urljoin, urlsplit

from starlette.types import Message, Receive, Scope, Send

from holdfast.policy.httpcache.fields import combined, values
from holdfast.policy.httpcache.keeping import target
from holdfast.service.cache.home import Home
from holdfast.service.response.visit import Produce

__all__ = ["Invalidating"]

_ELSEWHERE = (b"location", b"content-location")


class Invalidating:
    """Around a route whose method is not a safe one. `homes`: the caches that keep what it may change.

    What it answers without an error, it has changed: that is out of the caches before the caller hears of it.
    """

    __slots__ = ("_handle", "_homes")

    def __init__(self, handle: Produce, homes: Sequence[Home]) -> None:
        self._handle = handle
        self._homes = homes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

        async def invalidating(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                for tag in dict.fromkeys(_targets(scope, message)):
                    await self._drop(tag)
            await send(message)

        await self._handle(scope, receive, invalidating)

    async def _drop(self, tag: str) -> None:
        for home in self._homes:
            guard = home.here()
            if guard is not None:
                await guard.delete_tag(tag)


def _targets(scope: Scope, start: Message) -> Iterator[str]:
    """Yield the tags of the target and of those that the answer names, of this host."""
    yield target(scope["path"])
    host = combined(scope["headers"], b"host").lower()
    base = f"{scope['scheme']}://{host}{scope['path']}"
    for name in _ELSEWHERE:
        for place in values(start["headers"], name):
            try:
                named = urlsplit(urljoin(base, place))
            except ValueError:
                continue
            if named.netloc.lower() == host:
                yield target(unquote(named.path))
