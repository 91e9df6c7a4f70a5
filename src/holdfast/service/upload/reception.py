"""Receiving one upload: what arrives is passed on as it arrives, and either all of it is kept or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from starlette.requests import ClientDisconnect, Request

from holdfast.errors import UploadRefused
from holdfast.service.upload.checksum import expected
from holdfast.service.upload.incoming import Incoming
from holdfast.service.upload.limits import Limits
from holdfast.service.upload.multipart import Begin, End, Event, Multipart, boundary_of
from holdfast.service.upload.received import Received
from holdfast.service.upload.sink import Sink

__all__ = ["Reception"]


class Reception:
    """Of one request. `receive_form` or `receive_raw` once; `discard` when what came of it must not stay.

    In memory: one block of the file on its way, one piece from the server, and the fields.
    """

    __slots__ = ("_field", "_fields", "_fields_count", "_fields_size", "_files", "_limits", "_now", "_sink")

    def __init__(self, limits: Limits, sink: Sink) -> None:
        self._limits = limits
        self._sink = sink
        self._files: list[Incoming] = []
        self._now: Incoming | None = None  # the file whose part has begun and not ended
        self._field = ""
        self._fields: dict[str, list[bytearray]] = {}
        self._fields_count = self._fields_size = 0

    async def receive_form(self, request: Request) -> Received:
        """Read a form to its end and keep its files.

        Raises UploadRefused and what is below it; then, and when it is cancelled, `discard` is to follow.
        """
        boundary = boundary_of(request.headers.get("content-type", ""))
        if boundary is None:
            raise UploadRefused("a multipart/form-data body is expected, with its boundary")
        form = Multipart(boundary)
        async for data in self._body(request, multipart=True):
            for event in form.feed(data):
                await self._take(event)
        if not form.complete:
            raise UploadRefused("the form ended before its last boundary")
        return await self._keep()

    async def receive_raw(self, request: Request) -> Received:
        """Read a body that is one file, and keep it; a digest that the client sends must be its own.

        Raises as `receive_form` does.
        """
        digest = expected(request.headers)
        self._now = self._add("", "")
        async for data in self._body(request, multipart=False):
            await self._now.take(data)
        await self._now.end()
        if digest is not None and digest != self._now.digest:
            raise UploadRefused("the body is not what its digest says")
        return await self._keep()

    async def discard(self) -> None:
        """Leave nothing of any file, whatever it takes; a cancellation waits until that is done."""
        await _to_its_end(self._discard_all())

    async def _discard_all(self) -> None:
        done = await asyncio.gather(*(file.discard() for file in self._files), return_exceptions=True)
        for error in done:
            if isinstance(error, BaseException):
                raise error

    async def _body(self, request: Request, *, multipart: bool) -> AsyncIterator[bytes]:
        """Yield what arrives, as long as it can be what is taken."""
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and len(announced) < 20:  # Python reads no number of thousands of digits
            self._limits.check_body(int(announced), multipart=multipart)
        came = 0
        try:
            async for data in request.stream():
                came += len(data)
                # Also against what no part accounts for: a preamble or an epilogue without end.
                self._limits.check_body(came, multipart=multipart)
                yield data
        except ClientDisconnect as error:
            raise UploadRefused("the client left before the end of the upload") from error

    async def _take(self, event: Event) -> None:
        if isinstance(event, Begin):
            self._begin(event)
        elif self._now is not None:
            await self._of_file(self._now, event)
        elif isinstance(event, bytes):
            self._charge(len(event))
            self._fields[self._field][-1] += event

    async def _of_file(self, file: Incoming, event: bytes | End) -> None:
        if isinstance(event, bytes):
            await file.take(event)
            return
        self._now = None
        if file.size == 0 and not file.filename:
            self._files.remove(file)  # what a browser sends of a file that was not chosen
        else:
            await file.end()

    def _begin(self, part: Begin) -> None:
        if part.filename is not None:
            self._now = self._add(part.name, part.filename)
            return
        self._fields_count += 1
        self._charge(len(part.name))
        self._field = part.name
        self._fields.setdefault(part.name, []).append(bytearray())

    def _add(self, field: str, filename: str) -> Incoming:
        self._limits.check_files(len(self._files) + 1)
        file = Incoming(field, filename, limits=self._limits, sink=self._sink)
        self._files.append(file)
        return file

    def _charge(self, size: int) -> None:
        self._fields_size += size
        self._limits.check_fields(self._fields_count, self._fields_size)

    async def _keep(self) -> Received:
        """Let all files be seen, now that all of them are there and good."""
        files = tuple([await file.commit() for file in self._files])
        try:
            fields = {name: tuple(value.decode() for value in got) for name, got in self._fields.items()}
        except UnicodeDecodeError as error:
            raise UploadRefused("a field of the form is not UTF-8") from error
        return Received(files, fields)


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await `work` in a task of its own; a cancellation is raised after its end."""
    running = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait((running,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    running.result()
