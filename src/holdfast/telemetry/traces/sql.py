"""Client spans of SQL statements, by the events of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.telemetry.traces.client import ClientSpan, type_name
from holdfast.telemetry.traces.database import start, tracing
from holdfast.telemetry.traces.statement import statement

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine, ExceptionContext, ExecutionContext

__all__ = ["attach"]

_SPAN = "_holdfast_span"


def attach(engine: Engine, dependency: str) -> None:
    """Make a span of each statement that `engine` executes for `dependency`, child of the span in force."""
    from sqlalchemy import event

    url, system = engine.url, engine.dialect.name

    def before(
        connection: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if context is None or not tracing():
            return
        said = statement(sql, system)
        span = start(
            dependency,
            system,
            said.summary or system,
            namespace=url.database or "",
            host=url.host,
            port=url.port,
            batch=len(parameters) if many else None,
            query_summary=said.summary,
            query_text=said.text,
        )
        setattr(context, _SPAN, span)

    def after(
        connection: Connection, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if (span := _taken(context)) is not None:
            span.end()

    def failed(error: ExceptionContext) -> None:
        if (span := _taken(error.execution_context)) is not None:
            raised = error.original_exception
            if code := getattr(raised, "sqlstate", None):
                span.span.set_attribute("db.response.status_code", str(code))
            span.failed(str(code or type_name(raised)))
            span.end()

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    event.listen(engine, "handle_error", failed)


def _taken(context: ExecutionContext | None) -> ClientSpan | None:
    span: ClientSpan | None = getattr(context, _SPAN, None)
    if span is not None:
        delattr(context, _SPAN)
    return span
