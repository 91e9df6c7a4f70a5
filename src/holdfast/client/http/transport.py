"""The transport that holds a dependency's policies: everything above it is plain httpx2."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import httpx2

from holdfast.client.http.body import HeldStream, read
from holdfast.client.http.fallback import AnswerFallback, degraded
from holdfast.client.http.lane import Lane, Lanes
from holdfast.client.http.repeatable import repeatable
from holdfast.client.http.verdicts import judge_response
from holdfast.errors import DependencyUnavailable
from holdfast.policy.call.pipeline import Fallback, Pipeline
from holdfast.policy.deadline.header import parse_request_timeout, render_request_timeout
from holdfast.policy.retry import layer

__all__ = ["STREAM", "PolicyTransport"]

STREAM = "holdfast.stream"
"""The request extension that says: the caller reads the body itself."""

_TIMEOUT = "x-request-timeout"


class PolicyTransport(httpx2.AsyncBaseTransport):
    """Sends each request through the pipeline of the running loop.

    The body is read inside the attempt, so that the attempt's timer, the bulkhead's permit and the
    breaker's verdict cover it. Where the caller streams, the attempt ends with the headers of a good
    answer, and the permit is held until the answer is closed; the body of a bad one is read like any other,
    for nobody streams an error.
    """

    def __init__(self, make: Callable[[], Lane], *, fallback: AnswerFallback | None = None) -> None:
        self.lanes = Lanes(make)
        self._fallback = fallback

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer, the degraded answer, or raise a Refusal."""
        lane = self.lanes.current()
        streamed = bool(request.extensions.get(STREAM))
        asked = parse_request_timeout(request.headers.get(_TIMEOUT, ""))

        async def attempt(left: float | None) -> httpx2.Response:
            _mark(request, left, asked)
            response = await lane.pool.handle_async_request(request)
            if streamed and judge_response(response) is None:
                _hold(response, lane.pipeline)
            else:
                await read(response)
            return response

        return await lane.pipeline.call(
            attempt,
            idempotent=repeatable(request),
            fallback=None if self._fallback is None else _bound(self._fallback, request),
            keep=streamed,
            host=None if lane.pipeline.hosts is None else request.url.netloc.decode("ascii"),
        )

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self.lanes.aclose()


def _mark(request: httpx2.Request, left: float | None, asked: float | None) -> None:
    """Tell the other side how long its answer is wanted, and whether this is a retry already."""
    if left is not None:
        request.headers[_TIMEOUT] = render_request_timeout(left if asked is None else min(asked, left))
    above = layer.attempt_above()
    if above > 1:
        request.headers[layer.HEADER] = str(above)


def _bound(fallback: AnswerFallback, request: httpx2.Request) -> Fallback[httpx2.Response]:
    async def substitute(why: DependencyUnavailable) -> httpx2.Response:
        return await degraded(fallback, request, why)

    return substitute


def _hold(response: httpx2.Response, pipeline: Pipeline[httpx2.Response]) -> None:
    bulkhead = pipeline.bulkhead
    if bulkhead is not None:
        response.stream = HeldStream(cast(httpx2.AsyncByteStream, response.stream), bulkhead.leave)
