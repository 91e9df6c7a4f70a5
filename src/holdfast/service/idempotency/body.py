"""The request's body as it passes: what the fingerprint is made of, and what the route still has to read."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import Any

from starlette.types import Message, Receive

from holdfast.policy.idempotency.fingerprint import canonical, is_json

__all__ = ["Body", "TooLarge"]


class TooLarge(Exception):  # the condition, as in errors
    """A body that nobody has read is too large to be read for the fingerprint."""


class Body:
    """Keeps at most `most` bytes; of a larger body only a digest."""

    __slots__ = ("_chunks", "_digest", "_most", "_pending", "_receive", "_size", "complete")

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._chunks: list[bytes] = []
        self._size = 0
        self._digest: Any = None
        self._pending: deque[Message] = deque()
        self.complete = False

    async def receive(self) -> Message:
        """Give the app the next message."""
        if self._pending:
            return self._pending.popleft()
        return await self._next()

    async def whole(self, content_type: bytes) -> bytes:
        """Return what stands for the body in a fingerprint, reading what the app has not read yet.

        Raises TooLarge. Of a client that left it is what has come.
        """
        while not self.complete:
            message = await self._next()
            self._pending.append(message)
            if message["type"] != "http.request":
                break
            if self._size > self._most:
                raise TooLarge
        if self._digest is not None:
            digest: bytes = self._digest.digest()
            return digest
        body = b"".join(self._chunks)
        return canonical(body) if is_json(content_type) else body

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._take(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        return message

    def _take(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._digest is not None:
            self._digest.update(chunk)
        elif self._size > self._most:
            self._digest = hashlib.sha256(b"".join(self._chunks) + chunk)
            self._chunks.clear()
        elif chunk:
            self._chunks.append(chunk)
