"""What rules about blocking find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import whole
from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF102 nested loops": """
        N = 2000
        @app.get("/x")
        async def x(values: list[int]):
            for i in range(N):
                for value in values:
                    print(value)
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
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])


def test_what_no_route_leads_to_has_no_requests_to_hold_up() -> None:
    blocking = "import time\nasync def main():\n    time.sleep(1)\n"
    app = "from fastapi import FastAPI\nimport worker\napp = FastAPI()\n@app.get('/x')\nasync def x(): ...\n"
    project = whole({"app.py": app, "worker.py": blocking, "script.py": blocking})
    found = {finding.file: finding.confidence for rule in RULES[:1] for finding in rule.find(project)}
    assert found == {"worker.py": Confidence.LOW, "script.py": Confidence.LOW}


def test_a_decorator_that_is_given_a_routers_own_makes_a_route() -> None:
    project = whole(
        "import time\nfrom fastapi import APIRouter\nrouter = APIRouter()\n"
        "@protected(router.get, '/x', [])\nasync def x():\n    time.sleep(1)\n"
    )
    assert [root.name for root in project.roots] == ["GET /x"]
