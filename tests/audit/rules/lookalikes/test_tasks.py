"""What rules about tasks find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF301 an endless loop that dies of its first error": """
        async def watch():
            while True:
                await asyncio.sleep(60)
                await client.get("http://a")
        async def start(): asyncio.create_task(watch())
    """,
    "HF301 an endless loop that raises again": """
        async def watch():
            while True:
                try:
                    await client.get("http://a")
                except Exception:
                    logger.exception("watch")
                    raise
        async def start(): asyncio.create_task(watch())
    """,
    "HF301 one thing that is tried until it is done": """
        async def send(order):
            done = False
            while not done:
                try:
                    await client.post("http://a", json=order)
                    done = True
                except Exception:
                    logger.exception("send")
        @app.post("/x")
        async def x(order: dict): asyncio.create_task(send(order))
    """,
    "HF301 work before the loop": """
        async def watch():
            await client.get("http://a")
            while True:
                try:
                    await client.get("http://a")
                except Exception:
                    logger.exception("watch")
        async def start(): asyncio.create_task(watch())
    """,
    "HF302 of the body's list": """
        async def one(item): await client.get(item)
        @app.post("/x")
        async def x(body: Body):
            calls = [one(item) for item in body.items]
            await asyncio.gather(*calls)
    """,
}

NOT_FOUND = {
    "HF301 an endless loop that tells its errors": """
        async def watch():
            while True:
                try:
                    await asyncio.sleep(60)
                    await client.get("http://a")
                except asyncio.CancelledError:
                    raise
                except Exception:
                    logger.exception("watch")
        async def start(): asyncio.create_task(watch())
    """,
    "HF302 constant": """
        @app.get("/x")
        async def x(): await asyncio.gather(*[client.get(url) for url in ("http://a", "http://b")])
    """,
    "HF302 bounded": """
        limiter = asyncio.Semaphore(3)
        async def one(url):
            async with limiter:
                await client.get(url)
        @app.post("/x")
        async def x(urls: list[str]): await asyncio.gather(*[one(url) for url in urls])
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])
