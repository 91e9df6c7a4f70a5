"""Which clients are made for each request, and which only look like it."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.connections.per_request import RULE
from tests.audit.project import told

HEAD = """
import httpx, redis
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
app = FastAPI()
ENGINES = {}
"""

EACH_TIME = {
    "with a key of the service": """
        @app.get("/x")
        async def x():
            async with httpx.AsyncClient(auth=settings.key) as client: await client.get("http://x")
    """,
    "in a function": """
        def build(): return create_async_engine("postgresql+asyncpg://x")
        @app.get("/x")
        async def x(): return build()
    """,
    "in a memo of nothing": """
        def engine(name):
            if name: print(name)
            return create_async_engine(name)
        @app.get("/x")
        async def x(name: str): return engine(name)
    """,
}

ONCE = {
    "over connections that are kept elsewhere": """
        @app.get("/x")
        async def x():
            async with httpx.AsyncClient(transport=TRANSPORT) as client: await client.get("http://x")
    """,
    "with a key of its own": """
        @app.get("/x")
        async def x(tenant: Tenant = Depends(tenant)):
            key = tenant.key
            async with httpx.AsyncClient(auth=key) as client: await client.get("http://x")
    """,
    "for what is asked for rarely": """
        @app.delete("/x")
        async def x():
            async with httpx.AsyncClient() as client: await client.get("http://x")
    """,
    "by key": """
        def engine(name):
            if name not in ENGINES: ENGINES[name] = create_async_engine(name)
            return ENGINES[name]
        @app.get("/x")
        async def x(name: str): return engine(name)
    """,
    "by key, in another function": """
        def build(name): return create_async_engine(name)
        def engine(name):
            found = ENGINES.get(name)
            if found is not None: return found
            with lock:
                found = build(name)
                ENGINES[name] = found
            return found
        @app.get("/x")
        async def x(name: str): return engine(name)
    """,
    "by an attribute": """
        class Store:
            def engine(self, name):
                try:
                    return self.engines[name]
                except KeyError:
                    engine = create_async_engine(name)
                    self.engines[name] = engine
                return engine
        store = Store()
        @app.get("/x")
        async def x(name: str): return store.engine(name)
    """,
    "over a pool": """
        @app.get("/x")
        async def x(): return redis.Redis(connection_pool=pool)
    """,
    "on the way of a login": """
        @app.get("/oauth/callback")
        async def x():
            async with httpx.AsyncClient() as client: await client.get("http://x")
    """,
}


@pytest.mark.parametrize("name", EACH_TIME)
def test_one_for_each_request(name: str) -> None:
    assert len(told(RULE, HEAD + textwrap.dedent(EACH_TIME[name]))) == 1


@pytest.mark.parametrize("name", ONCE)
def test_one_that_is_kept_or_rare(name: str) -> None:
    assert told(RULE, HEAD + textwrap.dedent(ONCE[name])) == []
