"""What rules about retries find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF601 after the same wait": """
        @app.get("/x")
        async def x():
            while True:
                try:
                    return await client.get("http://x")
                except httpx.HTTPError:
                    await asyncio.sleep(1)
    """,
    "HF602 for ever": """
        @retry(wait=wait_exponential(max=10))
        def x(): ...
    """,
    "HF602 urllib3": """
        policy = Retry(total=5, status_forcelist=[500])
    """,
}

NOT_FOUND = {
    "HF601 a few with the same wait": """
        @app.get("/x")
        async def x():
            for _ in range(3):
                try:
                    return await client.get("http://x")
                except httpx.HTTPError:
                    await asyncio.sleep(1)
    """,
    "HF601 another answer": """
        @app.get("/x")
        async def x():
            for _ in range(3):
                try:
                    return parse((await client.get("http://x")).text)
                except Exception:
                    continue
    """,
    "HF601 a better question": """
        @app.get("/x")
        async def x(messages: list):
            for _ in range(3):
                try:
                    return await client.get("http://x", params=messages)
                except Exception as error:
                    messages.append(error)
    """,
    "HF602 made elsewhere": """
        def made(): return retry(stop=stop_after_attempt(3), wait=wait_exponential(max=10))
        @app.get("/x")
        def x():
            again = made()
            @again
            def ask(): return requests.get("http://x", timeout=1)
            return ask()
    """,
    "HF602 a start": """
        @retry(wait=wait_exponential(max=10))
        def wait_for_database(): ...
    """,
    "HF602 waits for the end": """
        class NotFinishedError(Exception): ...
        @retry(wait=wait_exponential(), retry=tenacity.retry_if_exception_type(NotFinishedError))
        def ask(): requests.get("http://x", timeout=1)
        @app.get("/x")
        def x(): ask()
    """,
    "HF602 asks nobody": """
        @retry(stop=stop_after_attempt(3))
        def remove(): ...
        @app.get("/x")
        def x(): remove()
    """,
    "HF601 waits longer": """
        @app.get("/x")
        async def x():
            delay = 0.1
            for _ in range(3):
                try:
                    return await client.get("http://x")
                except httpx.HTTPError:
                    await asyncio.sleep(delay)
                    delay *= 2
    """,
    "HF601 over things": """
        @app.get("/x")
        async def x(urls: list[str]):
            for url in urls:
                try:
                    return await client.get(url)
                except httpx.HTTPError:
                    continue
    """,
    "HF601 gives up": """
        @app.get("/x")
        async def x():
            for _ in range(3):
                try:
                    return await client.get("http://x")
                except httpx.HTTPError:
                    raise
    """,
    "HF601 polls": """
        @app.get("/x")
        async def x():
            while True:
                try:
                    await client.get("http://x")
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(1)
    """,
    "HF602 both": """
        @retry(stop=stop_after_attempt(3), wait=wait_exponential(max=10))
        def x(): ...
    """,
    "HF602 options": """
        @retry(**options)
        def x(): ...
    """,
    "HF602 of another library": """
        from celery import retry as again
        @again()
        def x(): ...
    """,
    "HF602 no retries": """
        policy = Retry(total=0)
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])
