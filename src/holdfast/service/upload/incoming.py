"""One file as it comes in: measured, recognised, and passed on to the sink in blocks."""

from __future__ import annotations

import errno
import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast.errors import StorageFull
from holdfast.loop.offload.threads import current
from holdfast.service.upload.kinds import EXTENSIONS, HEAD, TEXT, UNKNOWN, Text, recognise
from holdfast.service.upload.limits import Limits
from holdfast.service.upload.received import File
from holdfast.service.upload.sink import Sink, Writing

__all__ = ["BLOCK", "Incoming"]

BLOCK = 256 << 10
"""Bytes that go to the sink at a time, and that one upload holds in memory: a hop to a thread costs about
50 us, which is nothing to writing so many."""

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


class Incoming:
    """`field` and `filename` are the client's words. Either `commit` or `discard` ends it."""

    __slots__ = (
        "_block",
        "_digest",
        "_limits",
        "_media_type",
        "_name",
        "_sink",
        "_text",
        "_writing",
        "field",
        "filename",
        "size",
    )

    def __init__(self, field: str, filename: str, *, limits: Limits, sink: Sink) -> None:
        self.field = field
        self.filename = filename
        self.size = 0
        self._limits = limits
        self._sink = sink
        self._block = bytearray()
        self._digest = hashlib.sha256()
        self._text: Text | None = None
        self._media_type = self._name = ""
        self._writing: Writing | None = None

    async def take(self, data: bytes) -> None:
        """Take what came of it. Raises UploadTooLarge, UploadUnsupported, StorageFull."""
        self.size += len(data)
        self._limits.check_size(self.size)
        self._block += data
        if len(self._block) >= HEAD:
            self._recognise()
        while len(self._block) >= BLOCK:
            await self._pass_on(bytes(self._block[:BLOCK]))
            del self._block[:BLOCK]

    async def end(self) -> None:
        """Nothing more comes. Raises as `take` does."""
        await self._pass_on(bytes(self._block))
        self._block.clear()
        if self._text is not None and not self._text.ends():
            self._limits.check_type(UNKNOWN)

    async def commit(self) -> File:
        """Let it be seen."""
        assert self._writing is not None  # noqa: S101 - ended before
        with _room():
            location = await self._writing.commit()
        return File(
            self.field,
            self.filename,
            self._name,
            location,
            self._media_type,
            self.size,
            self._digest.hexdigest(),
        )

    async def discard(self) -> None:
        """Leave nothing of it."""
        if self._writing is not None:
            await self._writing.discard()

    @property
    def digest(self) -> bytes:
        """The SHA-256 of what was passed on."""
        return self._digest.digest()

    def _recognise(self) -> None:
        """Say what it is and whether that is taken, once, before anything of it is kept anywhere."""
        if not self._media_type:
            media_type = recognise(bytes(self._block[:HEAD]))
            self._limits.check_type(media_type)
            self._media_type = media_type
            self._name = uuid.uuid4().hex + EXTENSIONS[media_type]
            if media_type == TEXT and not self._limits.any_type:
                self._text = Text()

    async def _pass_on(self, data: bytes) -> None:
        self._recognise()
        if not await current().run(self._look, data):
            self._limits.check_type(UNKNOWN)
        with _room():
            if self._writing is None:
                self._writing = await self._sink.open(self._name, self._media_type)
            await self._writing.write(data)

    def _look(self, data: bytes) -> bool:
        """Add `data` to the digest, in a thread; return whether text is still text."""
        self._digest.update(data)
        return self._text is None or self._text.goes_on(data)


@contextmanager
def _room() -> Iterator[None]:
    """Say what a sink has no room for."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise
