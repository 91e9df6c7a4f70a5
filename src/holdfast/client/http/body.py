"""The two kinds of answer body: read already, and still open with its permit; for loops and threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast

import httpx2

from holdfast.clock import Now, monotonic

__all__ = ["HeldBlockingStream", "HeldStream", "read", "read_blocking"]


async def read(response: httpx2.Response) -> None:
    """Read the body as it was sent, still encoded, so that the client above decodes it as ever.

    Closes the connection's stream on every way out.
    """
    stream = cast(httpx2.AsyncByteStream, response.stream)
    try:
        response.stream = httpx2.ByteStream(b"".join([part async for part in stream]))
    finally:
        await stream.aclose()


def read_blocking(response: httpx2.Response, until: float | None, now: Now = monotonic) -> None:
    """Read the body in this thread. Raises httpx2.ReadTimeout for one that is not there by `until`."""
    stream = cast(httpx2.SyncByteStream, response.stream)
    parts = []
    try:
        for part in stream:
            parts.append(part)
            if until is not None and now() >= until:
                raise httpx2.ReadTimeout("the body takes too long")
        response.stream = httpx2.ByteStream(b"".join(parts))
    finally:
        stream.close()


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


class HeldBlockingStream(httpx2.SyncByteStream):
    """The same for a thread."""

    def __init__(self, stream: httpx2.SyncByteStream, closed: Callable[[], object]) -> None:
        self._stream = stream
        self._closed: Callable[[], object] | None = closed

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        """Close the stream and give back what was held for it."""
        closed, self._closed = self._closed, None
        try:
            self._stream.close()
        finally:
            if closed is not None:
                closed()
