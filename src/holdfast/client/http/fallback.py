"""The degraded answer: what a caller gets in place of the dependency's."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

import httpx2

from holdfast.errors import DependencyUnavailable

__all__ = ["HEADER", "AnswerFallback", "degraded"]

HEADER = "holdfast-outcome"

AnswerFallback = (
    httpx2.Response
    | Callable[[httpx2.Request, DependencyUnavailable], httpx2.Response | Awaitable[httpx2.Response]]
)
"""An answer, or what makes one of the request and the reason; the latter may be a coroutine function."""


async def degraded(
    fallback: AnswerFallback, request: httpx2.Request, why: DependencyUnavailable
) -> httpx2.Response:
    """Return the answer of `fallback`, marked; a fresh one each time, for clients write to what they get."""
    made = fallback if isinstance(fallback, httpx2.Response) else fallback(request, why)
    answer = await made if inspect.isawaitable(made) else made
    headers = [
        (key, value)
        for key, value in answer.headers.multi_items()
        # The content is not encoded any more, and its length is counted anew.
        if key not in ("content-encoding", "content-length", "transfer-encoding", HEADER)
    ]
    return httpx2.Response(
        answer.status_code, headers=[*headers, (HEADER, "degraded")], content=answer.content
    )
