"""A file as an answer: whole, in ranges, or not at all where the client has it already."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from holdfast.loop.offload.threads import current
from holdfast.policy.httpcache.validators import evaluate
from holdfast.service.download.pace import paced
from holdfast.service.download.ranges import satisfiable

__all__ = ["FileDownload"]

_OF_CONTENT = frozenset((b"content-length", b"content-type", b"content-disposition"))


class FileDownload(FileResponse):
    """Sends the file `path` in pieces of 64 KiB, read in threads; 404 where there is none.

    `filename`: as the client is to save it. `media_type`: by its name, where it is not given; the client is
    told to believe it. `etag`: with its quotes; by size and time where it is not given. `patience`: seconds
    that a reader may take nothing. The file is not to change while it is sent: replace it by renaming.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        filename: str | None = None,
        media_type: str | None = None,
        etag: str | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float,
    ) -> None:
        own = {"x-content-type-options": "nosniff"} | ({} if etag is None else {"etag": etag})
        super().__init__(path, headers=own | dict(headers or {}), filename=filename, media_type=media_type)
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; on a disconnect, stop reading."""
        if self.stat_result is None:
            self.stat_result = await self._found()
            self.set_stat_headers(self.stat_result)
        status = evaluate(
            scope["method"],
            scope["headers"],
            tag=self.headers["etag"],
            modified=self.stat_result.st_mtime,
            now=time.time(),
        )
        if status is not None:
            await self._without_content(status)(scope, receive, send)
            return
        async with paced(send, self._patience) as bounded:
            await super().__call__(self._with_ranges(scope, self.stat_result.st_size), receive, bounded)

    async def _found(self) -> os.stat_result:
        try:
            found = await current().run(os.stat, self.path)
        except (FileNotFoundError, NotADirectoryError):
            raise HTTPException(404) from None
        if not stat.S_ISREG(found.st_mode):
            raise HTTPException(404)
        return found

    def _without_content(self, status: int) -> Response:
        """Return the answer to a condition that holds it back: 304 or 412."""
        response = Response(status_code=status)
        response.raw_headers = [pair for pair in self.raw_headers if pair[0] not in _OF_CONTENT]
        return response

    def _with_ranges(self, scope: Scope, size: int) -> Scope:
        """Return the scope with the ranges that are there to be sent; they are defined for GET alone."""
        asked = MutableHeaders(raw=list(scope["headers"]))
        wanted = asked.get("range")
        if wanted is None:
            return scope
        sent = satisfiable(wanted, size) if scope["method"] == "GET" else None
        del asked["range"]
        if sent is not None:
            asked["range"] = sent
        return {**scope, "headers": asked.raw}
