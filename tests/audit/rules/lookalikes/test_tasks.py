"""What rules about tasks find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF302 of the body's list": """
        async def one(item): await client.get(item)
        @app.post("/x")
        async def x(body: Body):
            calls = [one(item) for item in body.items]
            await asyncio.gather(*calls)
    """,
}

NOT_FOUND = {
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
