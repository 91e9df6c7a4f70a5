"""The transport to the network, with a client span of each attempt."""

from __future__ import annotations

from typing import Any

import httpx2

from holdfast.telemetry.traces.client import begin

__all__ = ["TracedTransport"]

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
        url, sent = request.url, request.extensions.get(_SENT, 0)
        request.extensions[_SENT] = sent + 1
        span = begin(self._name, request.method, url, url.host, url.port, request.headers, sent)
        if span is None:
            return await super().handle_async_request(request)
        try:
            response = await super().handle_async_request(request)
            span.answered(response.status_code)
        except BaseException as error:
            span.failed(error)
            raise
        else:
            return response
        finally:
            span.end()
