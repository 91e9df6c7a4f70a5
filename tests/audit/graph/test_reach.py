"""What runs on the loop and blocks, and what only looks like it. Each text is a small project."""

from __future__ import annotations

import pytest

from tests.audit.project import blocked

HEAD = """
import asyncio, time, requests, anyio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any
from abc import ABC, abstractmethod
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
app = FastAPI()
"""

BLOCKING = {
    "directly": """
        @app.get("/x")
        async def x():
            time.sleep(1)
    """,
    "through functions": """
        def inner(): requests.get("http://x")
        def outer(): return inner()
        @app.get("/x")
        async def x():
            return outer()
    """,
    "through an awaited function": """
        async def helper(): time.sleep(1)
        @app.get("/x")
        async def x():
            await helper()
    """,
    "through a task": """
        async def helper(): time.sleep(1)
        @app.get("/x")
        async def x():
            asyncio.create_task(helper())
    """,
    "through a method of a typed attribute": """
        class Client:
            def get(self): return requests.get("http://x")
        class Service:
            def __init__(self): self.client = Client()
            async def load(self): return self.client.get()
        service = Service()
        @app.get("/x")
        async def x():
            return await service.load()
    """,
    "through a session that a constructor made": """
        session = requests.Session()
        @app.get("/x")
        async def x():
            return session.post("http://x")
    """,
    "through a dependency's result": """
        def client(): return requests.Session()
        @app.get("/x")
        async def x(client=Depends(client)):
            return client.get("http://x")
    """,
    "through an annotated alias": """
        def client(): return requests.Session()
        ClientDep = Annotated[requests.Session, Depends(client)]
        @app.get("/x")
        async def x(client: ClientDep):
            return client.get("http://x")
    """,
    "through an untyped parameter": """
        def fetch(client): return client.get("http://x")
        @app.get("/x")
        async def x():
            return fetch(requests.Session())
    """,
    "through an abstract method": """
        class Store(ABC):
            @abstractmethod
            def load(self): ...
        class Remote(Store):
            def load(self): return requests.get("http://x")
        def use(store: Store): return store.load()
        @app.get("/x")
        async def x(store: Store):
            return use(store)
    """,
    "in an async dependency": """
        async def user(): return requests.get("http://x")
        @app.get("/x")
        async def x(user=Depends(user)):
            return user
    """,
    "in an async generator": """
        async def lines():
            time.sleep(1)
            yield 1
        @app.get("/x")
        async def x():
            return StreamingResponse(lines())
    """,
    "in a generator that is iterated over": """
        def lines():
            time.sleep(1)
            yield 1
        @app.get("/x")
        async def x():
            return list(lines())
    """,
    "in a property": """
        class User:
            @property
            def name(self): return requests.get("http://x")
        @app.get("/x")
        async def x():
            return User().name
    """,
    "in a context manager": """
        class Lock:
            def __enter__(self): time.sleep(1)
            def __exit__(self, *a): pass
        @app.get("/x")
        async def x():
            with Lock():
                pass
    """,
    "in a partial that is called": """
        def slow(n): time.sleep(n)
        @app.get("/x")
        async def x():
            partial(slow, 1)()
    """,
    "of a router that is added by hand": """
        async def x(): time.sleep(1)
        router = APIRouter()
        router.add_api_route("/x", x)
    """,
    "in a decorator's wrapper": """
        def slowly(f):
            async def wrapper(*a):
                time.sleep(1)
                return await f(*a)
            return wrapper
        @slowly
        async def work(): pass
        @app.get("/x")
        async def x():
            await work()
    """,
    "of a dictionary's values": """
        clients = {}
        clients["a"] = requests.Session()
        @app.get("/x")
        async def x():
            return clients["a"].get("http://x")
    """,
}

HARMLESS = {
    "a def route": """
        @app.get("/x")
        def x():
            time.sleep(1)
    """,
    "a def dependency": """
        def user(): return requests.get("http://x")
        @app.get("/x")
        async def x(user=Depends(user)):
            return user
    """,
    "handed to a thread": """
        @app.get("/x")
        async def x():
            await asyncio.to_thread(time.sleep, 1)
    """,
    "a lambda handed to a thread": """
        @app.get("/x")
        async def x():
            await anyio.to_thread.run_sync(lambda: requests.get("http://x"))
    """,
    "a nested function handed to a thread": """
        @app.get("/x")
        async def x():
            def work(): return requests.get("http://x")
            return await run_in_threadpool(work)
    """,
    "handed to an executor": """
        pool = ThreadPoolExecutor()
        def work(): time.sleep(1)
        @app.get("/x")
        async def x():
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(pool, work)
            pool.submit(work)
    """,
    "a background task that is a def": """
        def work(): time.sleep(1)
        @app.get("/x")
        async def x(tasks: BackgroundTasks):
            tasks.add_task(work)
    """,
    "a generator that is streamed": """
        def lines():
            time.sleep(1)
            yield 1
        @app.get("/x")
        async def x():
            return StreamingResponse(lines())
    """,
    "another function of the same name": """
        class Client:
            async def get(self, url): return 1
        @app.get("/x")
        async def x(client: Client):
            return await client.get("http://x")
    """,
    "an awaited call of an unknown thing": """
        @app.get("/x")
        async def x(client):
            return await client.get("http://x")
    """,
    "a function that nothing on the loop calls": """
        def work(): time.sleep(1)
        def main(): work()
    """,
}


@pytest.mark.parametrize("text", BLOCKING.values(), ids=BLOCKING)
def test_it_blocks(text: str) -> None:
    found = blocked(HEAD + _dedent(text))
    assert len(found) == 1, found
    assert "time.sleep" in found[0] or "requests." in found[0]


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_it_does_not_block(text: str) -> None:
    assert blocked(HEAD + _dedent(text)) == []


def test_a_chain_over_files_is_told_from_the_route_to_the_sink() -> None:
    files = {
        "shop/__init__.py": "",
        "shop/clients.py": "import requests\n\ndef charge():\n    return requests.post('http://x')\n",
        "shop/service.py": "from .clients import charge\n\nasync def order():\n    charge()\n",
        "shop/main.py": (
            "from fastapi import FastAPI\nfrom shop.service import order\napp = FastAPI()\n\n"
            "@app.post('/orders')\nasync def orders():\n    await order()\n"
        ),
    }
    assert blocked(files) == ["shop/service.py:4 -> requests.post, by POST /orders"]


def test_a_function_that_refers_to_itself_ends() -> None:
    text = """
        def even(n): return odd(n - 1)
        def odd(n): return even(n - 1)
        a = b = None
        def f(x): return f(f(x))
        @app.get("/x")
        async def x():
            even(1), f(a)
    """
    assert blocked(HEAD + _dedent(text)) == []


def _dedent(text: str) -> str:
    return "\n".join(line[8:] for line in text.splitlines())
