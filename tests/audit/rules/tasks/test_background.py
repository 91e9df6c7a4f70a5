"""Which background tasks are told to be long."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.tasks.background import RULE
from tests.audit.project import told

HEAD = """
import time
import httpx
from tenacity import retry, stop_after_attempt
from fastapi import BackgroundTasks, FastAPI
app = FastAPI()
client = httpx.AsyncClient()

@app.post("/x")
def x(names: list[str], tasks: BackgroundTasks):
    tasks.add_task(work, names)
"""


def said(text: str) -> list[str]:
    return told(RULE, HEAD + textwrap.dedent(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def work(names): [httpx.post(name, timeout=1) for name in names]", "for each of many things"),
        (
            "async def one(it): await client.get(it)\nasync def work(names): [await one(it) for it in names]",
            "each",
        ),
        (
            "@retry(stop=stop_after_attempt(3))\ndef work(names): httpx.post('http://x', timeout=1)",
            "repeats a call",
        ),
        ("def work(names): time.sleep(60)", "it sleeps"),
    ],
)
def test_long(text: str, why: str) -> None:
    (message,) = said(text)
    assert message.startswith("work() is long work")
    assert why in message


@pytest.mark.parametrize(
    "text",
    [
        "def work(names): httpx.post('http://x', json=names, timeout=1)",
        "def work(names):\n    for name in names: print(name)",
        "def work(names):\n    for url in ('http://a', 'http://b'): httpx.post(url, timeout=1)",
        "def work(names): time.sleep(0.1)",
    ],
)
def test_short(text: str) -> None:
    assert said(text) == []
