"""The one handler for what goes wrong inside: problem+json with the request's id, no traceback.

A `Refusal` (a deadline, a dependency, a rate limit) becomes its own status; a client that left while its body
was read is nobody's failure; anything else that no handler of the app caught becomes a 500. Handlers that the
app has registered itself stay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from holdfast.errors import DependencyUnavailable, Refusal
from holdfast.service.identity import request_id as current_id
from holdfast.service.problem import Headers, more_of, outcome_of, render

__all__ = ["install"]

_log = logging.getLogger("holdfast.error")

_CLIENT_CLOSED = 499
"""As nginx has it. Nobody reads the answer; it is what the metrics and the access log say of the request."""


def install(app: FastAPI, count: Callable[[str, int], None]) -> None:
    """Register the handlers on `app`; `count` is called with the cause and the status of every 5xx."""

    # Coroutines, though they await nothing: Starlette runs a plain function in a thread, behind the others.
    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - registered for that type
        word = outcome_of(error)
        if error.status >= 500:
            dependency = error.dependency if isinstance(error, DependencyUnavailable) else ""
            count(f"{word} {dependency}".strip(), error.status)
        rendered = render(
            word,
            error.status,
            str(error),
            request_id=current_id(),
            retry_after=error.retry_after,
            more=more_of(error),
        )
        return _response(error.status, *rendered)

    async def gone(request: Request, error: Exception) -> Response:
        return Response(status_code=_CLIENT_CLOSED)

    async def fail(request: Request, error: Exception) -> Response:
        cause = type(error).__name__
        count(cause, 500)
        request_id = current_id()
        _log.error("%s %s: %s, request %s", request.method, request.url.path, cause, request_id)
        return _response(500, *render("error", 500, "the cause is in the log", request_id=request_id))

    app.exception_handlers.setdefault(Refusal, refuse)
    app.exception_handlers.setdefault(ClientDisconnect, gone)
    if 500 not in app.exception_handlers:
        app.exception_handlers.setdefault(Exception, fail)


def _response(status: int, headers: Headers, body: bytes) -> Response:
    response = Response(body, status_code=status)
    response.raw_headers = headers
    return response
