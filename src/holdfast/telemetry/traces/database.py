"""Client spans of databases, Redis among them.

Names and attributes are those of OpenTelemetry's database semantic conventions (stable since 1.33).
"""

from __future__ import annotations

import sys
from typing import Any

from holdfast.telemetry.traces import client

__all__ = ["start", "tracing"]


def tracing() -> bool:
    """Whether anybody has set up a provider: else there is nothing to find out for a span."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    return trace is not None and not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def start(
    dependency: str,
    system: str,
    name: str,
    *,
    namespace: str = "",
    host: str | None = None,
    port: int | None = None,
    batch: int | None = None,
    **said: str,
) -> client.ClientSpan | None:
    """Begin the span of one operation; None where nobody traces.

    system: as `db.system.name` has it ("postgresql", "redis"). name: the span's. namespace: the database's
    name or number. batch: how many operations are sent at once. said: further attributes of "db", by their
    names with _ for a dot.
    """
    if not tracing():
        return None
    attributes: dict[str, Any] = {
        "db.system.name": system,
        "db.namespace": namespace,
        "server.address": host,
        "server.port": port,
        "holdfast.dependency": dependency,
        **{f"db.{word.replace('_', '.')}": value for word, value in said.items()},
    }
    if batch is not None and batch > 1:  # a batch of one is none, by the conventions
        attributes["db.operation.batch.size"] = batch
    return client.start(name, {key: value for key, value in attributes.items() if value})
