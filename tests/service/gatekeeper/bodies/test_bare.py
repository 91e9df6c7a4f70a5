"""The same behind a bare Uvicorn, with either of its protocols: what a client sees."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request

from holdfast import Holdfast
from tests.service.uvicorn_here import Client, served, until

pytestmark = pytest.mark.anyio

POST = "POST /read HTTP/1.1\nHost: here\n"


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    app.state.seen = []

    @app.get("/")
    async def root() -> str:
        return "root"

    @app.post("/read")
    async def read(request: Request) -> int:
        size = 0
        async for part in request.stream():
            app.state.seen.append(part)
            size += len(part)
        return size

    return app


@pytest.mark.parametrize("http", ["h11", "httptools"])
async def test_half_bodies_keep_nobody_out(
    budget: Any, app: FastAPI, http: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_DEADLINE__DEFAULT", "60s")
    monkeypatch.setenv("HOLDFAST_DEADLINE__CAP", "60s")
    path: Path = budget(limit=2)
    hold = Holdfast(app, budget=path)
    async with served(app, http=http) as port:
        halves = [await Client.to(port) for _ in range(12)]
        for half in halves[:6]:
            half.send(POST + "Content-Length: 10", b"hello")
        for half in halves[6:]:
            half.send(POST + "Transfer-Encoding: chunked", b"5\r\nhello\r\n")
        await until(lambda: hold.in_flight == 1)  # half of two
        client = await Client.to(port)
        # Behind one another in one packet, and in parts.
        client.send("GET / HTTP/1.1\nHost: here")
        client.send(POST + "Content-Length: 5", b"hello")
        client.send(POST + "Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")
        client.send("GET / HTTP/1.1\nHost: here")
        expected = [b'"root"', b"5", b"5", b'"root"']
        assert [await client.answer() for _ in expected] == [(200, body) for body in expected]
        client.send(POST + "Content-Length: 200000")
        for _ in range(4):
            client.writer.write(b"x" * 50_000)
            await client.writer.drain()
            await asyncio.sleep(0)
        assert await client.answer() == (200, b"200000")
        client.send(POST + "Content-Length: 5\nExpect: 100-continue")
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        client.writer.write(b"hello")
        assert await client.answer() == (200, b"5")
        for half in halves[:6]:
            half.writer.write(b"world")
            assert await half.answer() == (200, b"10")
        for half in halves[6:]:
            half.writer.write(b"5\r\nworld\r\n0\r\n\r\n")
            assert await half.answer() == (200, b"10")
        assert hold.in_flight == 0
        for one in (client, *halves):
            await one.close()


async def test_a_stream_comes_to_the_app_part_by_part(budget: Any, app: FastAPI) -> None:
    Holdfast(app, budget=budget())
    async with served(app) as port:
        client = await Client.to(port)
        client.send(POST + "Transfer-Encoding: chunked")
        for number in range(1, 4):
            client.writer.write(b"3\r\nabc\r\n")
            await until(lambda n=number: b"".join(app.state.seen) == b"abc" * n)  # type: ignore[misc]
        client.writer.write(b"0\r\n\r\n")
        assert await client.answer() == (200, b"9")
        await client.close()
