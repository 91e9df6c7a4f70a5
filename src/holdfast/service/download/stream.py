"""An answer as its source makes it: no faster than it is read, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from holdfast.service.download.pace import paced

__all__ = ["StreamDownload"]


class StreamDownload(StreamingResponse):
    """Sends what `source` yields, one piece at a time.

    When the client leaves, stands still for `patience` seconds, or the request is cancelled, the source is
    cancelled where it waits, once, and closed: what it does in its `finally` may await. `size`: bytes in all,
    where they are known; with it a client can tell an answer that was cut short.
    """

    def __init__(
        self,
        source: AsyncIterable[bytes],
        *,
        size: int | None = None,
        filename: str | None = None,
        media_type: str | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float,
    ) -> None:
        self._patience = patience
        own = {"x-content-type-options": "nosniff"}
        if size is not None:
            own["content-length"] = str(size)
        if filename is not None:
            own["content-disposition"] = f"attachment; filename*=utf-8''{quote(filename, safe='')}"
        told = media_type or "application/octet-stream"
        super().__init__(source, headers=own | dict(headers or {}), media_type=told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        sending = asyncio.ensure_future(self._send(send, head=scope["method"] == "HEAD"))
        leaving = asyncio.ensure_future(_departure(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(sending, leaving)
        if not sending.cancelled():
            sending.result()
        if self.background is not None:
            await self.background()

    async def _send(self, send: Send, *, head: bool) -> None:
        try:
            async with paced(send, self._patience) as bounded:
                start = {"type": "http.response.start", "status": self.status_code}
                await bounded({**start, "headers": self.raw_headers})
                if not head:
                    async for data in self.body_iterator:
                        await bounded({"type": "http.response.body", "body": data, "more_body": True})
                        # Neither a source nor a server needs to wait, and for a client that has left none
                        # does: without a turn of the loop nobody would ever learn that he has.
                        await asyncio.sleep(0)
                await bounded({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            close: Any = getattr(self.body_iterator, "aclose", None)
            if close is not None:
                await close()


async def _departure(receive: Receive) -> None:
    """Wait until the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel `tasks`, once, and wait for their end; a cancellation meanwhile is raised after it."""
    cancelled: asyncio.CancelledError | None = None
    for task in tasks:
        task.cancel()
    while waiting := [task for task in tasks if not task.done()]:
        try:
            await asyncio.wait(waiting)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
