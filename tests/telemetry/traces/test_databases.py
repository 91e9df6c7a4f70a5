"""Spans of SQL and Redis, of a real database and a real server."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from holdfast.telemetry.traces.sql import attach
from tests.client.redis.rig import Rig
from tests.servers.postgres import by_asyncpg
from tests.telemetry.traces.test_spans import Memory, anyio_backend, memory

__all__ = ["anyio_backend", "memory"]

pytestmark = pytest.mark.anyio


def said(memory: Memory) -> list[tuple[str, dict[str, Any]]]:
    return [(span.name, dict(span.attributes or {})) for span in memory.spans]


async def test_a_statement_is_a_span_with_its_text_and_without_its_values(memory: Memory) -> None:
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    attach(engine.sync_engine, "db")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE users (id INTEGER, token TEXT)"))
        rows = [{"id": 1, "token": "hunter2"}, {"id": 2, "token": "hunter2"}]
        await connection.execute(text("INSERT INTO users VALUES (:id, :token)"), rows)
        with pytest.raises(OperationalError):
            await connection.execute(text("SELECT * FROM nobody WHERE token = 'hunter2'"))
    await engine.dispose()
    usual = {"db.system.name": "sqlite", "db.namespace": ":memory:", "holdfast.dependency": "db"}
    assert said(memory) == [
        (
            "CREATE users",
            usual
            | {
                "db.query.summary": "CREATE users",
                "db.query.text": "CREATE TABLE users (id INTEGER, token TEXT)",
            },
        ),
        (
            "INSERT users",
            usual
            | {
                "db.query.summary": "INSERT users",
                "db.query.text": "INSERT INTO users VALUES (?, ?)",
                "db.operation.batch.size": 2,
            },
        ),
        (
            "SELECT nobody",
            usual
            | {
                "db.query.summary": "SELECT nobody",
                "db.query.text": "SELECT * FROM nobody WHERE token = ?",
                "error.type": "sqlite3.OperationalError",
            },
        ),
    ]
    assert [span.kind for span in memory.spans] == [SpanKind.CLIENT] * 3
    assert [span.status.is_ok for span in memory.spans] == [True, True, False]


async def test_what_postgres_says_of_an_error_is_on_its_span(memory: Memory, postgres_url: str) -> None:
    engine = create_async_engine(by_asyncpg(postgres_url))
    attach(engine.sync_engine, "db")
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="nobody"):
            await connection.execute(text("SELECT 1 FROM nobody"))
        await connection.rollback()
        sent = asyncio.Event()
        event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: sent.set())
        sleeping = asyncio.ensure_future(connection.execute(text("SELECT pg_sleep(60)")))
        await sent.wait()
        sleeping.cancel()
        await asyncio.wait([sleeping])
    await engine.dispose()
    spans = {span.name: dict(span.attributes or {}) for span in memory.spans}
    assert spans["SELECT nobody"]["db.response.status_code"] == "42P01"
    assert spans["SELECT nobody"]["error.type"] == "42P01"
    assert spans["SELECT nobody"]["db.system.name"] == "postgresql"
    assert spans["SELECT nobody"]["server.port"] == engine.url.port
    assert spans["SELECT"]["error.type"] == "asyncio.exceptions.CancelledError"


async def test_each_attempt_of_a_redis_call_is_a_span_without_keys_and_values(
    memory: Memory, redis_url: str
) -> None:
    rig = Rig(redis_url)
    tracer = memory.provider.get_tracer("test")
    with tracer.start_as_current_span("request") as request:
        await rig.client.set("hunter2", "hunter2")
        async with rig.client.pipeline() as several:
            several.get("hunter2").get("hunter2")
            await several.execute()
    await rig.client.aclose()
    *spans, _ = memory.spans
    usual = {
        "db.system.name": "redis",
        "db.namespace": "0",
        "server.address": "127.0.0.1",
        "server.port": rig.client.connection_kwargs["port"],
        "holdfast.dependency": "cache",
    }
    assert said(memory)[:2] == [
        ("SET", usual | {"db.operation.name": "SET"}),
        ("MULTI", usual | {"db.operation.name": "MULTI", "db.operation.batch.size": 2}),
    ]
    assert {span.parent.span_id for span in spans if span.parent} == {request.get_span_context().span_id}
    assert [span.kind for span in spans] == [SpanKind.CLIENT] * 2


async def test_whatever_is_cancelled_every_span_of_redis_ends(memory: Memory, redis_url: str) -> None:
    rig, chance = Rig(redis_url), random.Random(5)
    begun = 0

    async def one() -> None:
        nonlocal begun
        begun += 1
        await rig.client.echo("x")

    for _ in range(60):
        task = asyncio.ensure_future(one())
        for _ in range(chance.randrange(5)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    rig.idle()
    await rig.client.aclose()
    assert begun
    sent = sum(ended.attempts for ended in rig.heard)
    assert len(memory.spans) == sent > 0
    assert not trace.get_current_span().get_span_context().is_valid
