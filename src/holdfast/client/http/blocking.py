"""The transport for threads: the thread sends the request, under the policies of the app's loop."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

import httpx2

from holdfast.client.http.body import HeldBlockingStream, read_blocking
from holdfast.client.http.fallback import AnswerFallback, substitute
from holdfast.client.http.mark import asked, mark
from holdfast.client.http.repeatable import repeatable
from holdfast.client.http.transport import STREAM, host_of
from holdfast.client.http.verdicts import judge, judge_response
from holdfast.client.state import DependencyState
from holdfast.client.threads import Handover, Home, call_soon
from holdfast.clock import Now, monotonic

__all__ = ["BlockingPolicyTransport"]

_TIMEOUT = "timeout"
"""The request extension with the limits of the phases, as httpx2 has it."""


class BlockingPolicyTransport(httpx2.BaseTransport):
    """Sends each request through the pipeline of the loop that `home` names; `pool`: the connections.

    As PolicyTransport in all else. Nothing cuts a thread: each phase has what is left of the attempt, so
    that it ends with the attempt or soon after.
    """

    def __init__(
        self,
        state: DependencyState,
        home: Home,
        pool: httpx2.BaseTransport,
        *,
        fallback: AnswerFallback | None = None,
        now: Now = monotonic,
    ) -> None:
        self._pipelines = state.pipelines
        self._home = home
        self._pool = pool
        self._fallback = fallback
        self._now = now

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer, the degraded answer, or raise a Refusal."""
        streamed = bool(request.extensions.get(STREAM))
        limits = dict(request.extensions.get(_TIMEOUT) or {})
        said = asked(request)
        fallback = self._fallback

        async def call(thread: Handover[httpx2.Response]) -> httpx2.Response:
            pipeline = self._pipelines.current()
            bulkhead = pipeline.bulkhead
            leave = (
                None if bulkhead is None else partial(call_soon, asyncio.get_running_loop(), bulkhead.leave)
            )

            def attempt(left: float | None) -> httpx2.Response:
                until = None if left is None else self._now() + left
                request.extensions[_TIMEOUT] = limits if until is None else _Left(limits, until, self._now)
                mark(request, left, said)
                response = self._pool.handle_request(request)
                if not streamed or judge_response(response) is not None:
                    read_blocking(response, until, self._now)
                elif leave is not None:
                    stream = cast(httpx2.SyncByteStream, response.stream)
                    response.stream = HeldBlockingStream(stream, leave)
                return response

            answer: httpx2.Response = await pipeline.call(
                lambda left: thread.do(partial(attempt, left), left, discard=httpx2.Response.close),
                idempotent=repeatable(request),
                fallback=None if fallback is None else substitute(fallback, request, thread),
                judge=judge,
                keep=streamed,
                host=host_of(request, pipeline),
                alone=True,
            )
            return answer

        return self._home.call(call)

    def close(self) -> None:
        """Close the connections; the next call makes new ones."""
        self._pool.close()

    async def aclose(self) -> None:
        """Close the connections, at the end of an app: no thread uses them any more."""
        self._pool.close()


class _Left(dict[str, Any]):
    """The limits of the phases, each at most what is left until `until` when the phase begins."""

    def __init__(self, limits: dict[str, float | None], until: float, now: Now) -> None:
        super().__init__(limits)
        self._until = until
        self._now = now

    def get(self, phase: str, default: Any = None) -> Any:
        """Return the seconds that `phase` may take; never 0, which sockets take for not waiting at all."""
        limit = super().get(phase, default)
        left = max(0.001, self._until - self._now())
        return left if limit is None else min(limit, left)
