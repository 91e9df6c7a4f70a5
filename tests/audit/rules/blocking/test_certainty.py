"""Where requests wait for what blocks, and where few or none do."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.blocking.call import RULE
from tests.audit.project import told

HEAD = """
import json, logging, shutil, time, requests
from pathlib import Path
from fastapi import FastAPI
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
    "a file that the request names": """
        @app.get("/x")
        async def x(name: str): return open(f"/data/{name}").read()
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
