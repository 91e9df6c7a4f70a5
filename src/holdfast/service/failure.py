"""The one handler for what goes wrong inside: problem+json with the request's id, no traceback.

A `Refusal` (a deadline, a dependency) becomes its own status; anything else that no handler of the app
caught becomes a 500. Handlers that the app has registered itself stay.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from holdfast.errors import DependencyUnavailable, Refusal
from holdfast.service.identity import current
from holdfast.service.problem import Headers, outcome_of, render

__all__ = ["install"]

_log = logging.getLogger("holdfast.error")


def install(app: FastAPI, count: Callable[[str], None]) -> None:
    """Register the handlers on `app`; `count` is called with the cause of every error."""

    # Coroutines, though they await nothing: Starlette runs a plain function in a thread, behind the others.
    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101 - registered for that type
        word = outcome_of(error)
        dependency = error.dependency if isinstance(error, DependencyUnavailable) else ""
        count(f"{word} {dependency}".strip())
        rendered = render(
            word,
            error.status,
            str(error),
            request_id=current.get().decode("ascii", "replace"),
            retry_after=error.retry_after,
            dependency=dependency,
        )
        return _response(error.status, *rendered)

    async def fail(request: Request, error: Exception) -> Response:
        cause = type(error).__name__
        count(cause)
        request_id = current.get().decode("ascii", "replace")
        _log.error("%s %s: %s, request %s", request.method, request.url.path, cause, request_id)
        return _response(500, *render("error", 500, "the cause is in the log", request_id=request_id))

    app.exception_handlers.setdefault(Refusal, refuse)
    if 500 not in app.exception_handlers:
        app.exception_handlers.setdefault(Exception, fail)


def _response(status: int, headers: Headers, body: bytes) -> Response:
    response = Response(body, status_code=status)
    response.raw_headers = headers
    return response
