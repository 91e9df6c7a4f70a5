from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from holdfast.errors import UsageError
from holdfast.events import RateUnchecked
from holdfast.service.ratelimit.watch import EVERY, Watch
from tests.servers.redis import RedisServer
from tests.service.asgi import lifespan
from tests.service.ratelimit.held import ask, held
from tests.service.ratelimit.test_limited import counted, many

pytestmark = pytest.mark.anyio

TOML = """
[admission]
limit = 1000

[dependency.cache]
kind = "redis"
url_env = "CACHE_URL"

[ratelimit.orders]
limits = ["5/h"]
key = "client"
routes = ["GET /orders"]
store = "cache"
unavailable = "{unavailable}"
wait = "{wait}"
"""


@asynccontextmanager
async def serving(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, unavailable: str, wait: str = "5s"
) -> AsyncIterator[FastAPI]:
    monkeypatch.setenv("CACHE_URL", url)
    app, _ = held(folder, TOML.format(unavailable=unavailable, wait=wait))
    async with lifespan(app):
        yield app


async def until(condition: Callable[[], Any]) -> None:
    limit = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < limit
        await asyncio.sleep(0.02)


async def test_apps_share_a_limit(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        serving(tmp_path / "a", redis_url, monkeypatch, "closed") as one,
        serving(tmp_path / "b", redis_url, monkeypatch, "closed") as other,
    ):
        said = [(await ask(app)).status for _ in range(4) for app in (one, other)]
        assert said == [200] * 5 + [429] * 3
        refused = await ask(other)
        assert 600 < int(refused.headers["retry-after"]) <= 720
        assert refused.headers["ratelimit"].startswith('"orders";r=0;t=')


async def test_closed_without_redis(
    tmp_path: Path,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = counted('holdfast_ratelimit_unchecked_total{decision="closed",limit="orders"}')
    async with serving(tmp_path, redis_server.url, monkeypatch, "closed") as app:
        assert await many(app, 1) == [200]
        redis_server.kill()
        with caplog.at_level(logging.WARNING, "holdfast.ratelimit"):
            assert await many(app, 10) == [503] * 10
        refused = await ask(app)
        assert refused.headers["holdfast-outcome"] == "dependency"
        assert refused.headers["retry-after"] == "1"
        assert json.loads(refused.body)["dependency"] == "cache"
        assert counted('holdfast_ratelimit_unchecked_total{decision="closed",limit="orders"}') == before + 11
        assert len([line for line in caplog.messages if "calls are refused" in line]) <= 1
        redis_server.start()

        async def back() -> bool:
            return (await ask(app)).status == 200

        await until(back)


async def test_open_without_redis(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, redis_server.url, monkeypatch, "open") as app:
        redis_server.kill()
        assert await many(app, 20) == [200] * 20
        assert "ratelimit" not in (await ask(app)).headers


async def test_local_without_redis(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    async with serving(tmp_path, redis_server.url, monkeypatch, "local") as app:
        redis_server.kill()
        assert await many(app, 4) == [200, 200, 429, 429]
        assert await many(app, 1, peer="203.0.113.10") == [200]


async def test_a_redis_that_hangs_in_the_middle(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path, redis_server.url, monkeypatch, "open", "100ms") as app:
        await many(app, 1)
        redis_server.pause()
        began = time.monotonic()
        answers = await asyncio.gather(*[ask(app) for _ in range(300)])
        assert [answer.status for answer in answers] == [200] * 300
        assert time.monotonic() - began < 20  # not a patience each, one after the other
        redis_server.resume()

        async def limited() -> bool:
            return "ratelimit" in (await ask(app)).headers

        await until(limited)


async def test_random_cancellation_of_requests(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(11)
    async with serving(tmp_path, redis_server.url, monkeypatch, "closed") as app:

        async def call() -> None:
            peer = f"198.51.{chance.randrange(256)}.{chance.randrange(256)}"
            request = asyncio.ensure_future(ask(app, peer=peer))
            await asyncio.sleep(chance.random() * 0.004)
            request.cancel()
            await asyncio.wait([request])
            assert request.cancelled() or request.result().status in (0, 200, 429)

        for _ in range(20):
            await asyncio.gather(*[call() for _ in range(40)])
        assert app.state.holdfast.in_flight == 0
        assert await many(app, 1) == [200]
        assert redis_server.clients() <= 4

    async def gone() -> bool:
        return redis_server.clients() == 0

    await until(gone)


async def test_without_the_decision_it_observes(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CACHE_URL", redis_url)
    toml = TOML.format(unavailable="", wait="5s").replace('unavailable = ""', "")
    app, _ = held(tmp_path, toml)
    with caplog.at_level(logging.WARNING, "holdfast"):
        async with lifespan(app):
            assert await many(app, 10) == [200] * 10
    assert "ratelimit orders: only observes, not decided: ratelimit.orders.unavailable" in caplog.text


@pytest.mark.parametrize(
    ("url", "said"),
    [(None, "not set"), ("http://x", "expected an address"), ("redis://:s3cret@h:x/", "expected an")],
)
async def test_an_address_that_is_missing_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str | None, said: str
) -> None:
    monkeypatch.delenv("CACHE_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("CACHE_URL", url)
    app, _ = held(tmp_path, TOML.format(unavailable="open", wait="5s"))
    with pytest.raises(UsageError, match=said) as mistake:
        await ask(app)
    assert mistake.value.place == "CACHE_URL"
    assert "s3cret" not in str(mistake.value)


async def test_a_file_with_the_address(
    tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text(f"{redis_url}\n", encoding="utf-8")
    monkeypatch.delenv("CACHE_URL", raising=False)
    monkeypatch.setenv("CACHE_URL_FILE", str(tmp_path / "url"))
    app, _ = held(tmp_path, TOML.format(unavailable="closed", wait="5s"))
    async with lifespan(app):
        assert await many(app, 6) == [200] * 5 + [429]


def test_a_line_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch()
    with caplog.at_level(logging.WARNING, "holdfast.ratelimit"):
        for at in (0.0, 0.1, EVERY - 0.1, EVERY, EVERY + 1):
            watch.unchecked(RateUnchecked(at, "orders", "open", "timeout"))
        watch.unchecked(RateUnchecked(EVERY + 1, "other", "local", "connection"))
    assert caplog.messages == [
        "ratelimit orders cannot be checked (timeout): calls pass unlimited",
        "ratelimit orders cannot be checked (timeout): calls pass unlimited, and 2 calls since the last line",
        "ratelimit other cannot be checked (connection): each worker counts alone",
    ]
