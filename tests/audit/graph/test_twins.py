"""Classes in two forms, for callers that await and for those that do not: which of them a place means."""

from __future__ import annotations

import pytest

from tests.audit.project import whole

TWINS = """
import time
from typing import Literal, Union, overload
from fastapi import FastAPI

app = FastAPI()


class Base:
    pass


class Client(Base):
    async def __aenter__(self): return self
    async def __aexit__(self, *error): ...
    async def read(self): ...
    async def close(self): ...


class SyncClient(Base):
    def __init__(self): time.sleep(1)
    def __enter__(self): return self
    def __exit__(self, *error): ...
    def read(self): time.sleep(1)
    def close(self): time.sleep(1)


def get_client(sync: bool = False) -> Union[Client, SyncClient]: ...


class Context(Base):
    def __init__(self):
        super().__init__()
"""


@pytest.mark.parametrize(
    "body",
    [
        "await get_client().read()",
        "async with get_client() as client:\n        client.close()",
        "Context()",
    ],
)
def test_what_is_awaited_is_the_one_that_can_be(body: str) -> None:
    project = whole({"main.py": f'{TWINS}\n@app.get("/")\nasync def route():\n    {body}\n'})
    assert [one.root for one in project.blocked] == []


def test_what_is_not_awaited_may_be_either() -> None:
    project = whole({"main.py": f'{TWINS}\n@app.get("/")\nasync def route():\n    get_client().read()\n'})
    assert len(project.blocked) == 1


def test_a_singleton_s_start_is_behind_its_memo() -> None:
    source = """
import time
from fastapi import FastAPI

app = FastAPI()


class Server:
    made = {}

    def __new__(cls, port=None):
        if port not in cls.made:
            cls.made[port] = super().__new__(cls)
        return cls.made[port]

    def start(self):
        if not self.running:
            time.sleep(1)
            self.running = True


@app.get("/")
async def route():
    Server().start()
"""
    reach = whole({"main.py": source}).reach
    (edge,) = [one for edges in reach.edges.values() for one in edges if one.sink is not None]
    assert reach.rarely.is_memoised(edge)
