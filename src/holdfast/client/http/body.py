"""The two kinds of answer body: read already, and still open with its permit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import cast

import httpx2

__all__ = ["HeldStream", "read"]


async def read(response: httpx2.Response) -> None:
    """Read the body as it was sent, still encoded, so that the client above decodes it as ever.

    Closes the connection's stream on every way out.
    """
    stream = cast(httpx2.AsyncByteStream, response.stream)
    try:
        response.stream = httpx2.ByteStream(b"".join([part async for part in stream]))
    finally:
        await stream.aclose()


class HeldStream(httpx2.AsyncByteStream):
    """A body that is read by the caller; `closed` is called once, when the caller is done with it."""

    def __init__(self, stream: httpx2.AsyncByteStream, closed: Callable[[], None]) -> None:
        self._stream = stream
        self._closed: Callable[[], None] | None = closed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield part

    async def aclose(self) -> None:
        """Close the stream and give back what was held for it."""
        closed, self._closed = self._closed, None
        try:
            await self._stream.aclose()
        finally:
            if closed is not None:
                closed()
