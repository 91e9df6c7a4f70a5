"""The degraded answer: what a caller gets in place of the dependency's."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2

from holdfast.client.threads import Handover
from holdfast.errors import DependencyUnavailable
from holdfast.policy.call.pipeline import Fallback

__all__ = ["HEADER", "AnswerFallback", "substitute"]

HEADER = "holdfast-outcome"

AnswerFallback = (
    httpx2.Response
    | Callable[[httpx2.Request, DependencyUnavailable], httpx2.Response | Awaitable[httpx2.Response]]
)
"""An answer, or what makes one of the request and the reason; the latter may be a coroutine function."""


def substitute(
    fallback: AnswerFallback, request: httpx2.Request, thread: Handover[Any] | None = None
) -> Fallback[httpx2.Response]:
    """Return what the pipeline asks for the answer; `thread`: who calls a function, None: the loop."""

    async def made(why: DependencyUnavailable) -> httpx2.Response:
        if isinstance(fallback, httpx2.Response):
            return _marked(fallback)
        said = fallback(request, why) if thread is None else await thread.do(lambda: fallback(request, why))
        return _marked(await said if inspect.isawaitable(said) else said)

    return made


def _marked(answer: httpx2.Response) -> httpx2.Response:
    """Return it with its mark, and a fresh one each time, for clients write to what they get."""
    headers = [
        (key, value)
        for key, value in answer.headers.multi_items()
        # The content is not encoded any more, and its length is counted anew.
        if key not in ("content-encoding", "content-length", "transfer-encoding", HEADER)
    ]
    return httpx2.Response(
        answer.status_code, headers=[*headers, (HEADER, "degraded")], content=answer.content
    )
