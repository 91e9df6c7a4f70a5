"""What a caller demands before a route does its work: it is still what he knows, or it is something new."""

from __future__ import annotations

import time
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from holdfast.policy.httpcache import dates
from holdfast.policy.httpcache.validators import evaluate

__all__ = ["Preconditions"]


class Preconditions:
    """A dependency: `match: Annotated[Preconditions, Depends()]`.

    With the version of a row it answers 304 before the work, and keeps one writer from writing over another.
    """

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def check(
        self,
        *,
        etag: str | None = None,
        modified: datetime | None = None,
        weak: bool = False,
        required: bool = False,
    ) -> None:
        """Say what the target is now: `etag`, any text that changes with it, and when it was `modified`.

        Both None: there is none. `weak`: the tag may stand for other bytes too. A GET is told them.

        Raises HTTPException: 304 where the caller of a GET knows it already; 412 where what he demands does
        not hold; 428 where he demands nothing and `required` says that he must (RFC 6585).
        """
        headers = {} if etag is None else {"etag": _quoted(etag, weak=weak)}
        if modified is not None:
            headers["last-modified"] = dates.write(modified.timestamp())
        asked = self._request.headers
        if required and "if-match" not in asked and "if-unmodified-since" not in asked:
            raise HTTPException(428, "this needs If-Match with the entity tag of what is to be changed")
        status = evaluate(
            self._request.method,
            asked.raw,
            tag=headers.get("etag"),
            modified=None if modified is None else modified.timestamp(),
            now=time.time(),
        )
        if status == 304:
            raise HTTPException(304, headers=headers)
        if status is not None:
            raise HTTPException(status, "it is not what the caller knows any more", headers=headers)
        if self._request.method in ("GET", "HEAD"):  # after a change they would be those of before
            self._response.headers.update(headers)


def _quoted(tag: str, *, weak: bool) -> str:
    bare = tag.removeprefix("W/").strip('"')
    if not bare.isascii() or not bare.isprintable() or '"' in bare or " " in bare:
        raise ValueError(f"an entity tag is printable ASCII without spaces and quotes, not {tag!r}")
    return f'W/"{bare}"' if weak or tag.startswith("W/") else f'"{bare}"'
