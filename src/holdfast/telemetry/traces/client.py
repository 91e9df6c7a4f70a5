"""Client spans: one for each attempt of a call. Where nobody traces, a call costs a look-up."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from holdfast.version import __version__

if TYPE_CHECKING:
    from opentelemetry.trace import Span

__all__ = ["ClientSpan", "start", "type_name"]


class ClientSpan:
    """A span that has begun: `with span:` ends it, and notes what was raised."""

    __slots__ = ("span",)

    def __init__(self, span: Span) -> None:
        self.span = span

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.failed(type_name(error))
        self.end()

    def answered(self, status: int) -> None:
        """Note the status of an HTTP answer: from 400 on an error, for a client."""
        self.span.set_attribute("http.response.status_code", status)
        if status >= 400:
            self.failed(str(status))

    def failed(self, kind: str) -> None:
        """Note that there is no good answer; `kind`: its `error.type`."""
        from opentelemetry.trace import StatusCode

        self.span.set_attribute("error.type", kind)
        self.span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """End it; once."""
        self.span.end()


def start(name: str, attributes: dict[str, Any]) -> ClientSpan | None:
    """Begin a client span, child of the one in force; None where nobody has set up a provider."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None or isinstance(provider := trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    tracer = provider.get_tracer("holdfast", __version__, "https://opentelemetry.io/schemas/1.44.0")
    return ClientSpan(tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes=attributes))


def type_name(error: BaseException) -> str:
    """Return the full name of its type, as `error.type` has it."""
    kind = type(error)
    builtin = kind.__module__ == "builtins"
    return kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}"
