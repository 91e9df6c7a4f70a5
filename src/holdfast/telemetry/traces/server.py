"""Server spans for a FastAPI that makes none itself (before its `telemetry` argument).

Names and attributes are those of OpenTelemetry's HTTP semantic conventions (stable since 1.23).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast.version import __version__

__all__ = ["ServerSpans", "missing"]

_METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
)


def missing(app: object) -> bool:
    """Whether nobody else makes server spans for `app`: neither FastAPI nor an instrumentation."""
    instrumented = bool(getattr(app, "_is_instrumented_by_opentelemetry", False))
    return find_spec("fastapi.telemetry") is None and not instrumented


class ServerSpans:
    """Makes one span of each HTTP request, child of the caller's; `template` returns the route of a scope."""

    def __init__(self, app: ASGIApp, template: Callable[[Scope], str]) -> None:
        self._app = app
        self._template = template

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `scope`."""
        trace: Any = sys.modules.get("opentelemetry.trace")
        if scope["type"] != "http" or trace is None:
            await self._app(scope, receive, send)
            return
        if isinstance(provider := trace.get_tracer_provider(), trace.ProxyTracerProvider):
            await self._app(scope, receive, send)
            return
        from opentelemetry import propagate

        method = scope["method"] if scope["method"] in _METHODS else "HTTP"
        host, port = scope.get("server") or ("", None)
        attributes = {
            "http.request.method": method if method != "HTTP" else "_OTHER",
            "url.scheme": scope.get("scheme", "http"),
            "url.path": scope["path"],
            "network.protocol.version": scope.get("http_version", "1.1"),
            **({"server.address": host} if host else {}),
            **({"server.port": port} if port else {}),
        }
        span = provider.get_tracer("holdfast", __version__).start_span(
            method,
            context=propagate.extract(Headers(scope=scope)),
            kind=trace.SpanKind.SERVER,
            attributes=attributes,
        )
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        failure = ""
        try:
            with trace.use_span(
                span, end_on_exit=False, record_exception=False, set_status_on_exception=False
            ):
                await self._app(scope, receive, noted)
        except BaseException as error:
            failure = type(error).__qualname__
            raise
        finally:
            if route := self._template(scope):
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
            if status:
                span.set_attribute("http.response.status_code", status)
            if failure or not status or status >= 500:
                span.set_attribute("error.type", failure or str(status or "incomplete_response"))
                span.set_status(trace.StatusCode.ERROR)
            span.end()
