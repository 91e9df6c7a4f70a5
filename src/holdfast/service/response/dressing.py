"""What is added to what a route answers: Cache-Control, Vary, tags for a CDN, an entity tag."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from holdfast.policy.httpcache.validators import strong_tag, weakened
from holdfast.policy.httpcache.vary import joined
from holdfast.service.response.terms import RouteTerms

__all__ = ["Dressing"]

_KEPT = frozenset((200, 203, 204, 206, 300, 301, 304, 308))
"""Statuses that are what the route has to say; a redirection for now and a failure say something of today."""

_ABSENT = frozenset((404, 410))


class Dressing:
    """Of one answer. What the route has said itself stays as it is."""

    __slots__ = ("_path_params", "_send", "_start", "_terms")

    def __init__(self, terms: RouteTerms, scope: Scope, send: Send) -> None:
        self._terms = terms
        self._path_params = scope.get("path_params", {})
        self._send = send
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Take a message of the answer and pass it on, the start with its headers."""
        if message["type"] == "http.response.start":
            message = self._dressed(message)
            untagged = message["status"] == 200 and "etag" not in MutableHeaders(raw=message["headers"])
            if untagged and self._terms.section.etag != "off":
                self._start = message  # until its body is there
                return
        elif self._start is not None:
            start, self._start = self._start, None
            whole = message["type"] == "http.response.body" and not message.get("more_body", False)
            if whole and message.get("body"):
                start["headers"].append((b"etag", self._tag(message["body"]).encode()))
            await self._send(start)
        await self._send(message)

    def _dressed(self, start: Message) -> Message:
        terms = self._terms
        # A new list: the response that the old one belongs to may be sent again.
        headers = MutableHeaders(raw=list(start.get("headers", ())))
        if terms.vary:
            headers["vary"] = joined(*headers.getlist("vary"), terms.vary)
        said = self._cache_control(start["status"])
        if said and "cache-control" not in headers:
            headers["cache-control"] = said
        header = terms.section.tag_header
        if header is not None and terms.section.tags and start["status"] in _KEPT | _ABSENT:
            separator = " " if header == "surrogate-key" else ","
            own = headers.getlist(header)
            headers[header] = separator.join([*own, *terms.tags(self._path_params)])
        return {**start, "headers": headers.raw}

    def _cache_control(self, status: int) -> str:
        if self._terms.section.visibility == "no-store" or status in _KEPT:
            return self._terms.cache_control.decode()
        return self._terms.absent.decode() if status in _ABSENT else ""

    def _tag(self, body: bytes) -> str:
        tag = strong_tag(body)
        return weakened(tag) if self._terms.weak else tag
