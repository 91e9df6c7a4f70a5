"""The transports to the network, with a client span of each attempt."""

from __future__ import annotations

from typing import Any

import httpx2

from holdfast.telemetry.traces.client import ClientSpan
from holdfast.telemetry.traces.http import begin

__all__ = ["TracedBlockingTransport", "TracedTransport"]

_SENT = "holdfast.sent"
"""The request extension that counts how often a request was sent."""


class TracedTransport(httpx2.AsyncHTTPTransport):
    """Sends requests of the dependency `name`, below its policies: what they refuse is no attempt, no span.

    The span ends with the headers of the answer; a body that is read later is the caller's time.
    """

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        self._name = name

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request`."""
        span = _begin(self._name, request)
        if span is None:
            return await super().handle_async_request(request)
        with span:
            response = await super().handle_async_request(request)
            span.answered(response.status_code)
        return response


class TracedBlockingTransport(httpx2.HTTPTransport):
    """The same for threads."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(**options)
        self._name = name

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request`."""
        span = _begin(self._name, request)
        if span is None:
            return super().handle_request(request)
        with span:
            response = super().handle_request(request)
            span.answered(response.status_code)
        return response


def _begin(name: str, request: httpx2.Request) -> ClientSpan | None:
    url, sent = request.url, request.extensions.get(_SENT, 0)
    request.extensions[_SENT] = sent + 1
    return begin(name, request.method, url, url.host, url.port, request.headers, sent)
