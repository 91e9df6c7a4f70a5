"""Which tasks are told to have no bound, and which loops to spin."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.tasks.unbounded import RULE
from tests.audit.project import told

HEAD = """
import asyncio
import httpx
from fastapi import FastAPI
app = FastAPI()
client = httpx.AsyncClient()
slots = asyncio.Semaphore(3)
kept = set()
"""


def said(text: str) -> list[str]:
    return told(RULE, HEAD + textwrap.dedent(text))


def test_a_task_for_each_of_the_bodys_things() -> None:
    text = """
    @app.post("/x")
    async def x(body: Body):
        for url in body.urls:
            kept.add(asyncio.create_task(client.get(url)))
    """
    (message,) = said(text)
    assert "for each of `body.urls`" in message


@pytest.mark.parametrize(
    ("loop", "what"),
    [
        ("while True:\n    print(1)", "never ends and never waits"),
        ("while not event.done:\n    pass", "waits by spinning"),
        ("while not event.is_set():\n    await asyncio.sleep(0)", "polls as fast as it can"),
    ],
)
def test_a_loop_that_spins(loop: str, what: str) -> None:
    (message,) = said("@app.get('/x')\nasync def x(event):\n" + textwrap.indent(loop, "    "))
    assert what in message


@pytest.mark.parametrize(
    "loop",
    [
        "while True:\n    await asyncio.sleep(1)",
        "while True:\n    chunk = file.read(10)\n    if not chunk: break",
        "while not event.is_set():\n    await asyncio.sleep(0.1)",
        "while True:\n    async with slots: print(1)",
        "while True:\n    async for one in stream: print(one)",
        "while todo:\n    todo.pop()\n    await asyncio.sleep(0)",
        "while todo:\n    todo.pop()",
    ],
)
def test_a_loop_that_waits_or_ends(loop: str) -> None:
    assert said("@app.get('/x')\nasync def x(event, todo):\n" + textwrap.indent(loop, "    ")) == []


def test_tasks_with_a_bound() -> None:
    text = """
    async def one(url):
        async with slots: await client.get(url)
    @app.post("/x")
    async def x(urls: list[str]):
        for url in urls: kept.add(asyncio.create_task(one(url)))
    """
    assert said(text) == []


def test_a_thread_may_spin() -> None:
    assert said("def run():\n    while True:\n        print(1)\n") == []
