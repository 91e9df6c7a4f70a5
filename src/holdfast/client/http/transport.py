"""The transport that holds a dependency's policies: everything above it is plain httpx2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import httpx2

from holdfast.client.http.body import HeldStream, read
from holdfast.client.http.fallback import AnswerFallback, substitute
from holdfast.client.http.lane import Lane, Lanes
from holdfast.client.http.mark import asked, mark
from holdfast.client.http.repeatable import repeatable
from holdfast.client.http.verdicts import judge, judge_response
from holdfast.policy.call.pipeline import Pipeline

__all__ = ["STREAM", "PolicyTransport", "host_of"]

STREAM = "holdfast.stream"
"""The request extension that says: the caller reads the body itself."""


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
        said = asked(request)

        async def attempt(left: float | None) -> httpx2.Response:
            mark(request, left, said)
            response = await lane.pool.handle_async_request(request)
            if streamed and judge_response(response) is None:
                _hold(response, lane.pipeline)
            else:
                await read(response)
            return response

        answer: httpx2.Response = await lane.pipeline.call(
            attempt,
            idempotent=repeatable(request),
            fallback=None if self._fallback is None else substitute(self._fallback, request),
            judge=judge,
            keep=streamed,
            host=host_of(request, lane.pipeline),
        )
        return answer

    async def aclose(self) -> None:
        """Close the running loop's connections."""
        await self.lanes.aclose()


def host_of(request: httpx2.Request, pipeline: Pipeline[Any]) -> str | None:
    """Return which host is called, where each has a breaker."""
    return None if pipeline.hosts is None else request.url.netloc.decode("ascii")


def _hold(response: httpx2.Response, pipeline: Pipeline[Any]) -> None:
    bulkhead = pipeline.bulkhead
    if bulkhead is not None:
        response.stream = HeldStream(cast(httpx2.AsyncByteStream, response.stream), bulkhead.leave)
