"""Where requests wait for what blocks, and where few or none do."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.blocking.call import RULE
from tests.audit.project import told

HEAD = """
import asyncio, gzip, json, logging, os, shutil, time, requests
from abc import ABC, abstractmethod
from contextlib import asynccontextmanager
from pathlib import Path
from fastapi import BackgroundTasks, FastAPI, Request, UploadFile
from settings import settings
app = FastAPI()
MADE = {}
"""

WAITS = {
    "a memo of a key that requests bring": """
        def load(user_id):
            if user_id not in MADE: MADE[user_id] = requests.get("http://x")
            return MADE[user_id]
        @app.get("/x")
        async def x(user_id: str): return load(user_id)
    """,
    "what the instance of a request holds": """
        class Rates:
            def __init__(self): self.known = None
            def load(self):
                if self.known is None: self.known = requests.get("http://x")
        @app.get("/x")
        async def x(): Rates().load()
    """,
    "an upload that is written": """
        @app.post("/x")
        async def x(file: UploadFile):
            with open("/data/last", "wb") as out: out.write(await file.read())
    """,
    "a body that is unpacked": """
        def unpack(body): return gzip.decompress(body)
        @app.post("/x")
        async def x(request: Request): return unpack(await request.body())
    """,
    "a task that the service starts": """
        async def watch():
            while True:
                requests.get("http://x")
                await asyncio.sleep(1)
        @asynccontextmanager
        async def lifespan(app):
            app.state.watching = asyncio.create_task(watch())
            yield
    """,
    "a task of a response": """
        async def tell(): requests.post("http://x")
        @app.post("/x")
        async def x(tasks: BackgroundTasks): tasks.add_task(tell)
    """,
    "an argument that is not off": """
        def rates(cached=False):
            if cached: return MADE
            return requests.get("http://x")
        @app.get("/x")
        async def x(): return rates()
    """,
    "a way that most methods are": """
        class Store(ABC):
            @abstractmethod
            def read(self): ...
        class Near(Store):
            def read(self): return 1
        class Far(Store):
            def read(self): return requests.get("http://x")
        store: Store = Far()
        @app.get("/x")
        async def x(): return store.read()
    """,
    "a file that is written": """
        @app.post("/x")
        async def x(body: bytes): open("/data/last", "wb").write(body)
    """,
    "an argument that is on": """
        def save(audit=False):
            if audit: requests.post("http://x")
        @app.post("/x")
        async def x(): save(audit=True)
    """,
}

NOBODY_WAITS = {
    "a look into one file": """
        @app.get("/x")
        async def x(name: str): return open(f"/data/{name}").read()
    """,
    "a file that a service writes for itself": """
        @app.post("/x")
        async def x(name: str): open("/data/last", "w").write(name)
    """,
    "a text that is packed": """
        @app.get("/x")
        async def x(): return gzip.compress(json.dumps(MADE).encode())
    """,
    "no request at all": """
        async def main(): requests.get("http://x")
    """,
    "what stands in": """
        class MockRates:
            def read(self): time.sleep(1)
        @app.get("/x")
        async def x(): return MockRates().read()
    """,
    "what lies on the disk already": """
        def model(path="/data/model"):
            if not os.path.exists(path): shutil.copytree("/models/best", path)
            return path
        @app.get("/x")
        async def x(): return model()
    """,
    "a search for a fault": """
        @app.get("/x")
        async def x():
            if settings.debug: requests.post("http://x")
    """,
    "an argument that is on": """
        def rates(cached=False):
            if cached: return MADE
            return requests.get("http://x")
        @app.get("/x")
        async def x(): return rates(cached=True)
    """,
    "one method of many": """
        class Store(ABC):
            @abstractmethod
            def read(self): ...
        class Near(Store):
            def read(self): return 1
        class Nearer(Store):
            def read(self): return 2
        class Far(Store):
            def read(self): return requests.get("http://x")
        def of_name(name) -> Store: ...
        @app.get("/x")
        async def x(name: str): return of_name(name).read()
    """,
    "an object of the module that fills itself": """
        class Rates:
            def __init__(self): self.known = None
            @property
            def all(self):
                if self.known is None: self.known = requests.get("http://x")
                return self.known
        rates = Rates()
        def first(source): return source.all[0]
        @app.get("/x")
        async def x(): return first(rates)
    """,
    "an object that makes itself ready": """
        class Rates:
            def __init__(self): self.known = None
            def load(self): self.known = requests.get("http://x")
            async def read(self):
                if self.known is None: self.load()
                return self.known
        rates = Rates()
        @app.get("/x")
        async def x(): return await rates.read()
    """,
    "a shutdown": """
        def shutdown_workers(): time.sleep(1)
        @app.post("/x")
        async def x(): shutdown_workers()
    """,
    "a memo": """
        def load(name):
            if name not in MADE: MADE[name] = requests.get("http://x")
            return MADE[name]
        @app.get("/x")
        async def x(): return load("rates")
    """,
    "a memo that is left early": """
        def load(name):
            found = MADE.get(name)
            if found is not None: return found
            MADE[name] = found = requests.get("http://x")
            return found
        @app.get("/x")
        async def x(): return load("rates")
    """,
    "a logger that is set up": """
        def logger(name):
            made = logging.getLogger(name)
            if made.handlers: return made
            time.sleep(1)
        @app.get("/x")
        async def x(): logger("x")
    """,
    "a file of the service": """
        @app.get("/x")
        async def x(): return json.loads((Path(__file__).parent / "schema.json").read_text())
    """,
    "a file that the settings name": """
        @app.get("/x")
        async def x():
            path = Path(settings.folder, "vendor.json")
            with open(path) as file: return json.load(file)
    """,
    "a disk that no request is known to lead to": """
        @app.get("/x")
        async def x(): ...
        async def clean(folder): shutil.rmtree(folder)
    """,
    "before the first request": """
        @app.get("/x")
        async def x(): ...
        async def warm_up(): requests.get("http://x")
    """,
    "an argument that is off": """
        def save(audit=False):
            if audit: requests.post("http://x")
        @app.post("/x")
        async def x(): save()
    """,
}


@pytest.mark.parametrize("name", WAITS)
def test_somebody_waits(name: str) -> None:
    assert len(told(RULE, _project(WAITS[name]))) == 1


@pytest.mark.parametrize("name", NOBODY_WAITS)
def test_nobody_waits(name: str) -> None:
    assert told(RULE, _project(NOBODY_WAITS[name])) == []


def test_an_answer_s_own_methods_wait_for_nothing() -> None:
    text = """
        import redis
        client = redis.Redis()
        @app.get("/x")
        async def x():
            value = client.get("x")
            return value.decode()
    """
    assert [one.partition(" ")[0] for one in told(RULE, _project(text))] == ["redis.Redis.get"]


def _project(text: str) -> str:
    return HEAD + textwrap.dedent(text)
