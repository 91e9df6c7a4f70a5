"""What a user gets when a dependency is gone: a value, what is cached, or a 503 that says which and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.testclient import TestClient

from holdfast import Holdfast
from holdfast.errors import BreakerOpen, CallFailed, DependencyUnavailable, UsageError
from tests.client.provider import Provider
from tests.servers.redis import RedisServer

GONE = """
timeout = { connect = "5s", total = "10s" }
breaker = { window = "60s", failures = "50%", open = "30s", minimum = 3 }
bulkhead = 5
fallback = "503"
"""
BUDGET = f"""
[dependency.http]
kind = "http"
url_env = "HTTP_URL"
{GONE}
[dependency.redis]
kind = "redis"
url_env = "CACHE_URL"
{GONE}
[dependency.sql]
kind = "sqlite"
url_env = "SQL_URL"
{GONE}
[dependency.other]
kind = "other"
{GONE}
[cache.answers]
ttl = "1ms"
stale = "1h"
bytes = "1MiB"
"""
KINDS = ["http", "sql", "redis", "other"]
Ask = Callable[[], Awaitable[Any]]


@pytest.fixture
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Holdfast:
    """Nothing of what the budget names is there."""
    monkeypatch.setenv("HTTP_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("CACHE_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("SQL_URL", f"sqlite+aiosqlite:///{tmp_path}/gone/db.sqlite")
    (tmp_path / "holdfast.toml").write_text(BUDGET)
    app = FastAPI()
    return Holdfast(app, budget=tmp_path / "holdfast.toml")


def ask(hold: Holdfast, kind: str) -> Ask:
    """Return what asks the dependency of a kind."""
    http, redis, sql = hold.http("http"), hold.redis("redis"), hold.sql("sql")

    async def by_sql() -> Any:
        async with sql.begin() as session:
            return (await session.execute(text("SELECT 1"))).scalar()

    @hold.dependency("other")
    async def by_other() -> Any:
        await asyncio.sleep(0)
        raise ConnectionRefusedError

    asks: dict[str, Ask] = {
        "http": lambda: http.get("/x"),
        "sql": by_sql,
        "redis": lambda: redis.get("x"),
        "other": by_other,
    }
    return asks[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_503_that_says_which_and_when(hold: Holdfast, kind: str) -> None:
    asked = ask(hold, kind)

    @hold._app.get("/")
    async def root() -> Any:
        return await asked()

    with TestClient(hold._app) as client:
        answers = [client.get("/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503] * 4
    assert {answer.json()["dependency"] for answer in answers} == {kind}
    assert answers[-1].json()["detail"] == f"{kind}: breaker open"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 30


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_cached_though_it_is_stale(hold: Holdfast, kind: str) -> None:
    asked = ask(hold, kind)
    failed: list[DependencyUnavailable] = []

    @hold.cached("answers")
    async def answer() -> str:
        if not failed and not began:
            began.append(1)
            return "as it was"
        try:
            return str(await asked())
        except DependencyUnavailable as error:
            failed.append(error)
            raise

    began: list[int] = []

    @hold._app.get("/")
    async def root() -> str:
        return await answer()

    with TestClient(hold._app) as client:
        while len(failed) < 3:
            assert client.get("/").json() == "as it was"
    assert {type(error) for error in failed} <= {CallFailed, BreakerOpen}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value(hold: Holdfast, kind: str) -> None:
    http = hold.http("http", fallback=httpx2.Response(200, json=[]))
    redis = hold.redis("redis", fallback=[])
    by_sql = ask(hold, "sql")

    @hold.dependency("other", fallback=[])
    async def other() -> list[int]:
        await asyncio.sleep(0)
        raise ConnectionRefusedError

    async def sql() -> list[int]:
        try:
            return list(await by_sql())
        except DependencyUnavailable:
            return []

    @hold._app.get("/")
    async def root() -> Any:
        if kind == "http":
            return (await http.get("/x")).json()
        return await {"sql": sql, "redis": lambda: redis.get("x"), "other": other}[kind]()

    with TestClient(hold._app) as client:
        assert [client.get("/").json() for _ in range(4)] == [[]] * 4


def test_all_that_is_made_for_one_name_has_one_breaker(hold: Holdfast) -> None:
    waits, blocks, either = hold.http("http"), hold.http("http", sync=True), hold.dependency("http")

    @either
    def look_up() -> str:
        return "never asked"

    @hold._app.get("/waits")
    async def waiting() -> Any:
        return (await waits.get("/x")).json()

    @hold._app.get("/blocks")
    def blocking() -> Any:
        return blocks.get("/x").json()

    @hold._app.get("/function")
    def function() -> str:
        return look_up()

    with TestClient(hold._app) as client:
        for path in ("/waits", "/blocks", "/blocks"):
            assert client.get(path).json()["detail"] == "http: connect"
        for path in ("/waits", "/blocks", "/function"):
            assert client.get(path).json()["detail"] == "http: breaker open"


def test_redis_wants_a_redis_and_closes_with_the_app(
    hold: Holdfast, monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer
) -> None:
    with pytest.raises(UsageError, match="is of kind http, and no Redis"):
        hold.redis("http")
    monkeypatch.setenv("CACHE_URL", redis_server.url)
    redis = hold.redis("redis", decode_responses=True)

    @hold._app.get("/")
    async def root() -> Any:
        await redis.incr("n")
        return await redis.get("n")

    for count in ("1", "2"):  # a client outlives the loops that it ran on
        with TestClient(hold._app) as client:
            assert client.get("/").json() == count
        assert redis_server.clients() == 0


def test_of_a_redis_no_fallback_is_missed_in_the_budget(tmp_path: Path, hold: Holdfast) -> None:
    """What stands in for its replies is said where the client is made."""
    (tmp_path / "bare.toml").write_text('[dependency.redis]\nkind = "redis"\nurl_env = "CACHE_URL"\n')
    bare = Holdfast(FastAPI(), budget=tmp_path / "bare.toml")
    missing = bare.redis("redis").config.missing
    assert "timeout.total" in missing
    assert "fallback" not in missing


def test_a_function_is_not_asked_how_long_it_may_connect(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bare.toml").write_text('[dependency.vendor]\nkind = "other"\ntimeout = { total = "1s" }\n')
    app = FastAPI()
    Holdfast(app, budget=tmp_path / "bare.toml").dependency("vendor")
    with TestClient(app):
        said = [record.getMessage() for record in caplog.records if "vendor" in record.getMessage()]
    breaker, rest = "breaker.window, breaker.failures, breaker.open", "retry.attempts, retry.budget, fallback"
    assert said == [
        f"dependency vendor: not decided, and absent: {breaker}, bulkhead, {rest}; what is decided holds"
    ]


def test_a_client_of_threads_closes_with_the_app(hold: Holdfast, monkeypatch: pytest.MonkeyPatch) -> None:
    with Provider() as provider:
        monkeypatch.setenv("HTTP_URL", provider.url)
        http = hold.http("http", sync=True)

        @hold._app.get("/")
        def root() -> str:
            return http.get("/x").text

        for _ in range(2):  # it is in working order when the app starts again
            with TestClient(hold._app) as client:
                assert client.get("/").json() == "fine"
            wait_until(lambda: provider.open == 0)


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    pytest.fail("it never came to that")
