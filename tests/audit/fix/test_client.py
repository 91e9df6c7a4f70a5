"""Clients of single requests move to the lifespan."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from starlette.testclient import TestClient

from tests.audit.fix.mending import mended, project

ROUTES = """
import redis.asyncio as redis
from fastapi import FastAPI

app = FastAPI({lifespan})


@app.get("/rates")
async def rates(day: int = 0):
    # of today
    async with {client} as client:
        # now
        return (await client.get("rates")), day
"""
LIFESPAN = """
from contextlib import asynccontextmanager


@asynccontextmanager
async def lifespan(app):
    # open
    yield
    app.state.closed = True

"""
REDIS = "redis.from_url('redis://cache')"


def test_what_keeps_nothing_of_a_user_is_opened_in_the_lifespan(tmp_path: Path) -> None:
    root = project(tmp_path, LIFESPAN + ROUTES.format(lifespan="lifespan=lifespan", client=REDIS))
    result = mended(root)
    text = result.texts["main.py"].decode()
    assert [fix.finding.rule for fix in result.applied] == ["HF201"]
    assert (
        "    # open\n"
        f"    async with {REDIS} as client:\n"
        "        app.state.client = client\n"
        "        yield\n"
        "    app.state.closed = True\n"
    ) in text
    assert (
        "async def rates(request: Request, day: int = 0):\n"
        "    # of today\n"
        "    client = request.app.state.client\n"
        "    # now\n"
        '    return (await client.get("rates")), day\n'
    ) in text
    assert "from fastapi import FastAPI, Request\n" in text


def test_a_client_with_cookies_is_only_shown(tmp_path: Path) -> None:
    routes = ROUTES.format(lifespan="lifespan=lifespan", client="httpx.AsyncClient(timeout=1)")
    root = project(tmp_path, f"import httpx\n{LIFESPAN}{routes}")
    result = mended(root)
    assert result.texts == {}
    [shown] = result.shown
    assert "cookie" in shown.fix.check


def test_an_app_without_a_lifespan_gets_one_that_works(tmp_path: Path) -> None:
    result = mended(project(tmp_path, ROUTES.format(lifespan="title='rates'", client=REDIS)))
    assert result.texts == {}
    [shown] = result.shown
    assert "lifespan" in shown.fix.check
    text = shown.after["main.py"].decode()
    assert "app = FastAPI(title='rates', lifespan=lifespan)" in text
    opened: list[str] = []

    class Opened:
        def __init__(self, url: str) -> None:
            opened.append(url)

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            opened.append("closed")

        async def get(self, key: str) -> str:
            return key

    space: dict[str, object] = {"__name__": "main", "Opened": Opened}
    exec(compile(text.replace("redis.from_url", "Opened"), "main.py", "exec"), space)
    with TestClient(space["app"]) as client:  # type: ignore[arg-type]
        assert client.get("/rates?day=3").json() == ["rates", 3]
        assert client.get("/rates").json() == ["rates", 0]
    assert opened == ["redis://cache", "closed"]


def test_two_clients_of_one_name_stay_apart(tmp_path: Path) -> None:
    other = "redis.from_url('redis://other')"
    second = (
        "\n\n@app.get('/others')\nasync def others():\n"
        f"    async with {other} as client:\n        await client.get('x')\n"
    )
    source = LIFESPAN + ROUTES.format(lifespan="lifespan=lifespan", client=REDIS) + second
    text = mended(project(tmp_path, source)).texts["main.py"].decode()
    assert f"    async with {REDIS} as client:\n        app.state.client = client\n" in text
    assert f"        async with {other} as client_2:\n            app.state.client_2 = client_2\n" in text
    assert "    client = request.app.state.client_2\n    await client.get('x')\n" in text


def test_what_depends_on_the_request_stays(tmp_path: Path) -> None:
    client = "redis.from_url(f'redis://{day}')"
    result = mended(project(tmp_path, LIFESPAN + ROUTES.format(lifespan="lifespan=lifespan", client=client)))
    assert (result.texts, result.shown) == ({}, [])
