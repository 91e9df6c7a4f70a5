"""What a rule finds beside its example, and more of what only looks like it. Each text is a small project."""

from __future__ import annotations

import pytest

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import whole

HEAD = """
import asyncio, random, time
from functools import cache, lru_cache
import httpx, requests, tenacity
from contextlib import asynccontextmanager
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, File, UploadFile
from sqlalchemy import create_engine, select, update
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from tenacity import retry, stop_after_attempt, wait_exponential
from urllib3.util.retry import Retry
app = FastAPI()
client = httpx.AsyncClient()
"""

FOUND = {
    "HF102 nested loops": """
        N = 2000
        @app.get("/x")
        async def x(values: list[int]):
            for i in range(N):
                for value in values:
                    print(value)
    """,
    "HF203 in a function of the service": """
        @app.get("/x")
        async def x(): ...
        def engine(url): return create_engine(url, pool_pre_ping=True)
    """,
    "HF302 of the body's list": """
        async def one(item): await client.get(item)
        @app.post("/x")
        async def x(body: Body):
            calls = [one(item) for item in body.items]
            await asyncio.gather(*calls)
    """,
    "HF502 through functions": """
        async def place(session: AsyncSession): await session.flush()
        async def charge(): await client.post("http://x")
        @app.post("/x")
        async def x(session: AsyncSession):
            await place(session)
            await charge()
    """,
    "HF502 after an update": """
        @app.post("/x")
        def x(session: Session):
            session.execute(update(Order).where(Order.id == 1))
            requests.post("http://x", timeout=1)
    """,
    "HF503 a transaction around the yield": """
        async def db(session: AsyncSession):
            async with session.begin():
                yield session
        @app.get("/x")
        async def x(db=Depends(db)): ...
    """,
    "HF504 by a name": """
        @app.get("/x")
        def x(session: Session):
            rows = session.query(Order).order_by(Order.id).all()
            return rows
    """,
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
    "HF701 cached for ever": """
        @lru_cache(maxsize=None)
        def rate(currency: str): return 1
        @app.get("/x")
        async def x(currency: str): return rate(currency)
    """,
    "HF801 with a default": """
        @app.post("/x")
        async def x(file: UploadFile = File(...)): return await file.read()
    """,
    "HF802 opened": """
        @app.post("/x")
        def x(file: UploadFile): return open(f"/tmp/{file.filename}", "wb")
    """,
    "HF902 of a query": """
        @app.get("/x")
        def x(session: Session):
            try:
                session.execute(select(Order))
            except:
                pass
    """,
}

NOT_FOUND = {
    "HF102 few turns": """
        @app.get("/x")
        async def x(values: list[int]):
            for i in range(10):
                print(sum(values))
    """,
    "HF102 gives way": """
        @app.get("/x")
        async def x(values: list[int]):
            for i in range(5000):
                print(sum(values))
                await asyncio.sleep(0)
    """,
    "HF102 in a thread": """
        @app.get("/x")
        def x(values: list[int]):
            return [sum(values) for _ in range(5000)]
    """,
    "HF203 sized": """
        @app.get("/x")
        async def x(): ...
        engine = create_engine("postgresql://x", pool_size=3)
    """,
    "HF203 no pool": """
        @app.get("/x")
        async def x(): ...
        engine = create_engine("postgresql://x", poolclass=NullPool)
    """,
    "HF203 SQLite": """
        @app.get("/x")
        async def x(): ...
        engine = create_engine("sqlite:///x.db")
    """,
    "HF203 no service": """
        engine = create_engine("postgresql://x")
    """,
    "HF203 options": """
        @app.get("/x")
        async def x(): ...
        def made(**options): return create_engine("postgresql://x", **options)
        engine = made(pool_size=5)
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
    "HF502 committed in between": """
        async def place(session: AsyncSession):
            await session.flush()
            await session.commit()
        @app.post("/x")
        async def x(session: AsyncSession):
            await place(session)
            await client.post("http://x")
    """,
    "HF502 after its block": """
        @app.post("/x")
        async def x(session: AsyncSession):
            async with session.begin():
                await session.flush()
            await client.post("http://x")
    """,
    "HF502 only read": """
        @app.post("/x")
        async def x(session: AsyncSession):
            await session.execute(select(Order))
            await client.post("http://x")
    """,
    "HF502 called first": """
        @app.post("/x")
        async def x(session: AsyncSession):
            await client.post("http://x")
            await session.flush()
    """,
    "HF502 the other branch": """
        @app.post("/x")
        async def x(session: AsyncSession, a: bool):
            if a:
                await session.flush()
            else:
                await client.post("http://x")
    """,
    "HF502 alternatives of one call": """
        class A:
            async def run(self, session: AsyncSession): await session.flush()
        class B:
            async def run(self, session: AsyncSession): await client.post("http://x")
        @app.post("/x")
        async def x(session: AsyncSession, a: bool):
            one = A() if a else B()
            await one.run(session)
    """,
    "HF503 committed before": """
        async def db(session: AsyncSession):
            await session.commit()
            yield session
        @app.get("/x")
        async def x(db=Depends(db)): ...
    """,
    "HF503 no dependency": """
        @asynccontextmanager
        async def db(session: AsyncSession):
            yield session
            await session.commit()
    """,
    "HF504 limited": """
        @app.get("/x")
        async def x(session: AsyncSession):
            query = select(Order)
            query = query.limit(10)
            return (await session.scalars(query)).all()
    """,
    "HF504 narrowed": """
        @app.get("/x")
        def x(session: Session, user: int): return session.query(Order).filter(Order.user == user).all()
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
    "HF701 evicted": """
        seen = {}
        @app.get("/x")
        async def x(currency: str):
            seen[currency] = 1
            if len(seen) > 100:
                seen.popitem()
    """,
    "HF701 a size": """
        @lru_cache
        def rate(currency: str): return 1
        @app.get("/x")
        async def x(currency: str): return rate(currency)
    """,
    "HF701 nothing to vary": """
        @cache
        def settings(): return 1
        @app.get("/x")
        async def x(): return settings()
    """,
    "HF801 in pieces": """
        @app.post("/x")
        async def x(file: UploadFile):
            while await file.read(1024): ...
    """,
    "HF801 asked first": """
        @app.post("/x")
        async def x(file: UploadFile):
            if file.size > 1000:
                raise ValueError
            return await file.read()
    """,
    "HF801 another read": """
        @app.post("/x")
        async def x(): return await Thing().read()
    """,
    "HF802 made safe": """
        import os
        @app.post("/x")
        def x(file: UploadFile): return open(os.path.join("x", os.path.basename(file.filename)))
    """,
    "HF802 only its ending": """
        from pathlib import Path
        @app.post("/x")
        def x(file: UploadFile): return open("x" + Path(file.filename).suffix)
    """,
    "HF802 another thing with a name": """
        @app.post("/x")
        def x(row: Row): return open(row.filename)
    """,
    "HF951 a limit in the app": """
        slots = asyncio.Semaphore(10)
        @app.get("/x")
        async def x():
            async with slots: ...
    """,
    "HF951 no app": """
        def x(): return 1
    """,
    "HF902 one error": """
        @app.get("/x")
        def x(session: Session):
            try:
                session.execute(select(Order))
            except ValueError:
                pass
    """,
    "HF902 nothing asked": """
        @app.get("/x")
        def x():
            try:
                int("x")
            except Exception:
                pass
    """,
    "HF101 cached settings": """
        @lru_cache
        def settings(): return open("x").read()
        @app.get("/x")
        async def x(): return settings()
    """,
    "HF101 made once": """
        made = None
        def config():
            global made
            if made is None:
                made = open("x").read()
            return made
        @app.get("/x")
        async def x(): return config()
    """,
    "HF101 in the lifespan": """
        async def lifespan(app): time.sleep(1)
    """,
    "HF101 a glance": """
        from pathlib import Path
        @app.get("/x")
        async def x(): return Path("x").exists()
    """,
    "HF202 a method of what has one": """
        import smtplib
        @app.get("/x")
        def x():
            with smtplib.SMTP("x", timeout=1) as server:
                server.login("a", "b")
    """,
}


def codes(text: str) -> set[str]:
    project = whole(HEAD + text.replace("\n        ", "\n"))
    found = (finding for rule in RULES for finding in rule.find(project))
    return {finding.rule for finding in found if finding.confidence >= Confidence.MEDIUM}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])


def test_a_script_that_no_route_imports_has_no_requests_to_hold_up() -> None:
    blocking = "import time\nasync def main():\n    time.sleep(1)\n"
    app = "from fastapi import FastAPI\nimport worker\napp = FastAPI()\n@app.get('/x')\nasync def x(): ...\n"
    project = whole({"app.py": app, "worker.py": blocking, "script.py": blocking})
    found = {finding.file: finding.confidence for rule in RULES[:1] for finding in rule.find(project)}
    assert found == {"worker.py": Confidence.MEDIUM, "script.py": Confidence.LOW}


def test_a_decorator_that_is_given_a_routers_own_makes_a_route() -> None:
    project = whole(
        "import time\nfrom fastapi import APIRouter\nrouter = APIRouter()\n"
        "@protected(router.get, '/x', [])\nasync def x():\n    time.sleep(1)\n"
    )
    assert [root.name for root in project.roots] == ["GET /x"]
