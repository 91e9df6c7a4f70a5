"""What a call means at its place: behind a test of a type, for another loop, on an answer, by a mapping."""

from __future__ import annotations

import textwrap

import pytest

from tests.audit.project import blocked

HEAD = """
import asyncio, time, requests
from fastapi import FastAPI
app = FastAPI()
class Base: ...
class Quick(Base):
    def read(self): return 1
class Slow(Base):
    def read(self): time.sleep(1)
def slow(): time.sleep(1)
def quick(): return 1
async def asleep(): time.sleep(1)
NOTES = {}
def noted(function):
    NOTES[function.__name__] = function
    return function
@noted
def other(): return 1
@noted
def this(): time.sleep(1)
"""

BLOCKS = {
    "the type that blocks": """
        @app.get("/x")
        async def x(one: Quick | Slow):
            if isinstance(one, Slow): one.read()
    """,
    "the other type": """
        @app.get("/x")
        async def x(one: Quick | Slow):
            if isinstance(one, Quick): return 1
            one.read()
    """,
    "a function out of a mapping": """
        WAYS = {"slow": slow, "quick": quick}
        @app.get("/x")
        async def x(name: str):
            way = WAYS.get(name)
            way()
    """,
    "behind a decorator that many share": """
        @app.get("/x")
        async def x(): this()
    """,
}

BLOCKS_NOT = {
    "the type that does not": """
        @app.get("/x")
        async def x(one: Quick | Slow):
            if isinstance(one, Quick): one.read()
    """,
    "not the type that does": """
        @app.get("/x")
        async def x(one: Quick | Slow):
            if not isinstance(one, Slow): one.read()
    """,
    "behind the type that does": """
        @app.get("/x")
        async def x(one: Quick | Slow):
            if isinstance(one, Slow): return 1
            one.read()
    """,
    "a loop of its own": """
        def alone(): asyncio.run(asleep())
        @app.get("/x")
        async def x(): alone()
    """,
    "where no loop runs": """
        def either():
            try: asyncio.get_running_loop()
            except RuntimeError: slow()
        @app.get("/x")
        async def x(): either()
    """,
    "a mapping that is asked for a function": """
        WAYS = {"slow": slow, "quick": quick}
        @app.get("/x")
        async def x(name: str): return WAYS.get(name) is None
    """,
    "beside a decorator that many share": """
        @app.get("/x")
        async def x(): other()
    """,
}


@pytest.mark.parametrize("name", BLOCKS)
def test_what_a_request_comes_to(name: str) -> None:
    assert len(_by_route(BLOCKS[name])) == 1


@pytest.mark.parametrize("name", BLOCKS_NOT)
def test_what_no_request_comes_to(name: str) -> None:
    assert _by_route(BLOCKS_NOT[name]) == []


def test_an_answer_has_no_calls_that_wait() -> None:
    text = """
        import slack_sdk
        client = slack_sdk.WebClient()
        @app.get("/x")
        async def x():
            found = client.users_info(user="x")
            return found.get("name")
    """
    assert len(_by_route(text)) == 1


def _by_route(text: str) -> list[str]:
    return [one for one in blocked(HEAD + textwrap.dedent(text)) if one.endswith("by GET /x")]
