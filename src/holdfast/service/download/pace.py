"""Bounding how long a reader may take nothing of an answer: whatever is held for him is held that long."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Message, Send

__all__ = ["paced"]

_log = logging.getLogger("holdfast.download")


class _Stalled(Exception):
    """The reader took nothing for too long."""


@asynccontextmanager
async def paced(send: Send, patience: float) -> AsyncIterator[Send]:
    """Give a `send` that waits for its reader `patience` seconds at most; then the block ends.

    The answer then stays without its end, so that the server closes the connection and the reader can tell.
    """

    async def bounded(message: Message) -> None:
        try:
            async with asyncio.timeout(patience) as limit:
                await send(message)
        except TimeoutError as error:
            if limit.expired():
                raise _Stalled from error
            raise

    try:
        yield bounded
    except _Stalled:
        _log.warning("a download was ended: its reader took nothing for %g s", patience)
